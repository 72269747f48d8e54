import { UsageError, defineCommand, isEntry, numberOption, runCommand } from '../../src/process/command-line.js';
import { serveUntilStopped } from '../model/command.js';
import { FAULT_USAGE, parseFault } from './faults.js';
import { HubSpotSim } from './server.js';

const SCOPES = ['crm.objects.contacts.read', 'crm.objects.contacts.write', 'tickets'];

export const command = defineCommand({
  name: 'sim:hubspot',
  does: 'Runs a simulated HubSpot account, for clients of the real one.',
  options: {
    port: { type: 'string', value: 'number', default: '8792', about: 'the port to listen on' },
    key: {
      type: 'string',
      value: 'key',
      multiple: true,
      about: 'accepts only this key, and others given like it; without any, every key is accepted',
    },
    scope: {
      type: 'string',
      value: 'scope',
      multiple: true,
      about: `grants a scope: ${SCOPES.join(', ')}; without any, all are granted`,
    },
    'index-delay-ms': {
      type: 'string',
      value: 'ms',
      default: '10000',
      about: 'time until a new object is found by search',
    },
    fault: { type: 'string', value: 'PLACE=WHAT', multiple: true, about: 'what goes wrong, see below' },
  },
  examples: ['', '--key pat-1 --scope tickets', '--fault tickets=hang-after --fault "any*3=503"'],
  notes: FAULT_USAGE,
  run: async ({ shown, values }) => {
    const sim = new HubSpotSim({
      port: numberOption('port', values.port, { most: 65_535, whole: true }),
      indexDelayMs: numberOption('index-delay-ms', values['index-delay-ms']),
      ...(values.key.length === 0 ? {} : { keys: values.key }),
      ...(values.scope.length === 0 ? {} : { scopes: values.scope }),
      onRequest: ({ method, path, status }) => console.log(`${method} ${path}  ${status === 0 ? 'no answer' : status}`),
    });
    for (const text of values.fault) {
      const planned = parseFault(text);
      if (planned === undefined)
        throw new UsageError(`--fault ${text} is not a fault: "${shown('sim:hubspot', '--help')}" lists them.`);
      sim.faults.plan(planned.place, planned.fault, planned.times);
    }
    return serveUntilStopped({
      tones: true,
      start: () => sim.start(),
      introduction: ({ url }) => `HubSpot, simulated, listens at ${url}.

Put these settings into a file .env where you start the gateway:

  ENABLE_HUBSPOT=true
  HUBSPOT_BASE_URL=${url}
  HUBSPOT_ACCESS_TOKEN=${values.key[0] ?? 'simulated'}

Then run "${shown('start')}" in another terminal, and in a third one:

  ${shown('call', '--say "I want to speak to a human."')}

Ctrl-C stops it.`,
    });
  },
});

if (isEntry(import.meta.url)) void runCommand(command);

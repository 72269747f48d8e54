import { parseArgs } from 'node:util';
import { UsageError, runCommand, serveUntilStopped } from '../model/command.js';
import { FAULT_USAGE, parseFault } from './faults.js';
import { HubSpotSim } from './server.js';

const DEFAULT_PORT = '8792';

const USAGE = `Runs a simulated HubSpot account, for clients of the real one.

  npm run sim:hubspot -- [--port ${DEFAULT_PORT}] [--key KEY]… [--scope SCOPE]… [--index-delay-ms 10000] [--fault PLACE=WHAT]…

  --key    accepts only this key; without it every key is accepted
  --scope  grants a scope: crm.objects.contacts.read, crm.objects.contacts.write or tickets; without it all are granted
  --fault  ${FAULT_USAGE}`;

async function main(): Promise<void> {
  const values = readArguments();
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const sim = new HubSpotSim({
    port: numberOf('port', values.port),
    indexDelayMs: numberOf('index-delay-ms', values['index-delay-ms']),
    ...(values.key.length === 0 ? {} : { keys: values.key }),
    ...(values.scope.length === 0 ? {} : { scopes: values.scope }),
    onRequest: ({ method, path, status }) => console.log(`${method} ${path}  ${status === 0 ? 'no answer' : status}`),
  });
  for (const text of values.fault) {
    const planned = parseFault(text);
    if (planned === undefined) throw new UsageError(`--fault ${text} is not valid: ${FAULT_USAGE}`);
    sim.faults.plan(planned.place, planned.fault, planned.times);
  }
  await serveUntilStopped({
    tones: true,
    start: () => sim.start(),
    introduction: ({ url }) => `HubSpot, simulated, listens at ${url}.

Put these settings into a file .env beside package.json:

  ENABLE_HUBSPOT=true
  HUBSPOT_BASE_URL=${url}
  HUBSPOT_ACCESS_TOKEN=${values.key[0] ?? 'simulated'}

Then run "npm start" in another terminal, and in a third one:

  npm run call -- --say "I want to speak to a human."

Ctrl-C stops it.`,
  });
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: DEFAULT_PORT },
        key: { type: 'string', multiple: true, default: [] },
        scope: { type: 'string', multiple: true, default: [] },
        'index-delay-ms': { type: 'string', default: '10000' },
        fault: { type: 'string', multiple: true, default: [] },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text === '' || !(value >= 0)) throw new UsageError(`--${name} ${text} is not a number of at least 0.`);
  return value;
}

runCommand(main);

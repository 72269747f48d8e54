import { systemClock } from '../../src/base/clock.js';
import { UsageError, defineCommand, isEntry, numberOption, runCommand } from '../../src/process/command-line.js';
import { serveUntilStopped } from '../model/command.js';
import { EventReceiver, parseReceiverFault } from './event-receiver.js';

export const command = defineCommand({
  name: 'sim:events',
  does: 'Runs a receiver of call events, which checks every signature and shows what comes.',
  options: {
    port: { type: 'string', value: 'number', default: '8793', about: 'the port to listen on' },
    secret: { type: 'string', value: 'secret', default: 'simulated-secret', about: 'the secret of the signatures' },
    fault: { type: 'string', value: 'WHAT', multiple: true, about: 'what goes wrong, see below' },
  },
  examples: ['', '--fault "status:503*3" --fault late:4000'],
  notes: `A fault strikes one request, or several with *TIMES behind it. Faults strike in the order given.

  --fault "status:503*3"  three requests fail with this status
  --fault redirect        the receiver redirects
  --fault reset           the connection is reset, and nothing is taken
  --fault lost            the event is taken, and the connection is reset
  --fault hang            the event is taken, and no answer comes
  --fault late:12000      the event is taken, and the answer comes after 12 s
`,
  run: async ({ shown, values }) => {
    const receiver = new EventReceiver({
      secret: values.secret,
      port: numberOption('port', values.port, { most: 65_535, whole: true }),
      clock: systemClock,
      onRequest: (line) => console.log(line),
    });
    for (const text of values.fault) {
      const planned = parseReceiverFault(text);
      if (planned === undefined)
        throw new UsageError(`--fault ${text} is not a fault: "${shown('sim:events', '--help')}" lists them.`);
      receiver.plan(planned.fault, planned.times);
    }
    return serveUntilStopped({
      tones: true,
      start: () => receiver.start(),
      introduction: ({ url }) => `A receiver of call events listens at ${url}.

Put these settings into a file .env where you start the gateway:

  CALL_EVENTS_URL=${url}
  CALL_EVENTS_SECRET=${values.secret}

Then run "${shown('start')}" in another terminal, and in a third one:

  ${shown('call', '--say "I want to speak to a human."')}

Ctrl-C stops it.`,
    });
  },
});

if (isEntry(import.meta.url)) void runCommand(command);

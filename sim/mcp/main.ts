import { appendFileSync, readFileSync } from 'node:fs';
import { systemClock } from '../../src/base/clock.js';
import { UsageError, defineCommand, isEntry, numberOption, runCommand } from '../../src/process/command-line.js';
import { serveUntilStopped } from '../model/command.js';
import { FaultPlan, type PlannedFault, parseMcpFault } from './faults.js';
import { McpHttpServer } from './http-server.js';
import { serveStdio } from './stdio-server.js';
import { DEFAULT_TOOLS, type SimTool } from './tools.js';

export const command = defineCommand({
  name: 'sim:mcp',
  does: 'Runs a simulated MCP server with two tools, over HTTP or over its standard input and output.',
  options: {
    port: { type: 'string', value: 'number', default: '8794', about: 'the port to listen on' },
    token: { type: 'string', value: 'token', about: 'asked of every request, as "authorization: Bearer token"' },
    stdio: { type: 'boolean', about: 'speak over standard input and output, as a program that the gateway starts' },
    tools: { type: 'string', value: 'file', about: 'a JSON file with the list of tools, in place of the two' },
    fault: { type: 'string', value: 'WHAT', multiple: true, about: 'what goes wrong, see below' },
    events: { type: 'string', value: 'file', about: 'with --stdio: a file to which each thing that happens is added' },
    greeting: {
      type: 'string',
      value: 'text',
      about: 'with --stdio: printed before the first message, and to the errors',
    },
    deaf: { type: 'boolean', about: 'with --stdio: does not end with its input, nor with SIGTERM' },
  },
  examples: ['', '--fault hang', '--fault "late:4000*2" --fault "status:503@initialize"'],
  notes: `A fault strikes one call of a tool, or with @METHOD one request of that method, or several with *TIMES behind it.

  --fault hang            no answer comes
  --fault hang@initialize  no answer comes to the first request of a session
  --fault late:4000       the answer comes after 4 s
  --fault "die*2"         the connection is reset, or the program ends, twice
  --fault error           the tool says that it failed
  --fault refuse          a JSON-RPC error
  --fault huge:50000000   a text of that number of characters
  --fault nested:100000   JSON of that depth
  --fault media           an image, a sound, a file and a link beside a text
  --fault structured      structured content alone
  --fault flood           thousands of notifications
  --fault garbage         no JSON
  --fault status:503      the HTTP status
  --fault redirect        a redirect
  --fault forget          all sessions are forgotten
`,
  run: async ({ shown, values }) => {
    const tools =
      values.tools === undefined ? DEFAULT_TOOLS : (JSON.parse(readFileSync(values.tools, 'utf8')) as SimTool[]);
    const planned = values.fault.map((text): PlannedFault => {
      const fault = parseMcpFault(text);
      if (fault === undefined)
        throw new UsageError(`--fault ${text} is not a fault: "${shown('sim:mcp', '--help')}" lists them.`);
      return fault;
    });
    if (values.stdio) return overStdio({ ...values, planned, tools });
    const server = new McpHttpServer({
      port: numberOption('port', values.port, { most: 65_535, whole: true }),
      clock: systemClock,
      tools,
      token: values.token,
      onEvent: (what) => console.log(what),
    });
    for (const each of planned) server.state.faults.add(each);
    return serveUntilStopped({
      tones: true,
      start: () => server.start(),
      introduction: ({ url }) => `A simulated MCP server listens at ${url}.

Write a file mcp.json where you start the gateway:

  [{ "name": "shop", "url": "${url}"${values.token === undefined ? '' : ', "headers": { "authorization": "Bearer ${SHOP_TOKEN}" }'} }]

and put MCP_SERVERS=mcp.json into its .env. Then run "${shown('start')}" in another terminal.

Ctrl-C stops it.`,
    });
  },
});

async function overStdio(options: {
  events: string | undefined;
  greeting: string | undefined;
  deaf: boolean;
  planned: readonly PlannedFault[];
  tools: readonly SimTool[];
}): Promise<number> {
  const { deaf, events, greeting, planned, tools } = options;
  const onEvent = (what: string): void => {
    if (events !== undefined) appendFileSync(events, `${what}\n`);
  };
  const faults = new FaultPlan();
  for (const each of planned) faults.add(each);
  if (deaf) process.on('SIGTERM', () => onEvent('deaf to SIGTERM'));
  onEvent(`started ${process.pid} ${Object.keys(process.env).toSorted().join(',')}`);
  if (greeting !== undefined) console.error(greeting);
  const { stdin: input, stdout: output } = process;
  await serveStdio({ input, output, tools, faults, clock: systemClock, greeting, onEvent, die: () => process.exit(3) });
  onEvent('input ended');
  // A timer of its own keeps a deaf program alive.
  if (deaf) await new Promise((resolve) => setTimeout(resolve, 600_000));
  return 0;
}

if (isEntry(import.meta.url)) void runCommand(command);

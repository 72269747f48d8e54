import type { Readable, Writable } from 'node:stream';
import type { FaultPlan } from './faults.js';
import { type JsonRpc, McpSession, type McpSimState } from './session.js';
import type { SimTool } from './tools.js';
import type { Clock } from '../../src/base/clock.js';

export interface McpStdioOptions {
  input: Readable;
  output: Writable;
  tools: readonly SimTool[];
  faults: FaultPlan;
  clock: Clock;
  /** Written to the output before the first message, as programs do that print where they should not. */
  greeting: string | undefined;
  onEvent: (what: string) => void;
  /** Ends the program without a word. */
  die: () => void;
}

/** Serves one client over lines. Resolves when its input has ended. */
export async function serveStdio(options: McpStdioOptions): Promise<void> {
  const { clock, die, faults, greeting, input, onEvent, output, tools } = options;
  const problems: string[] = [];
  const state: McpSimState = { tools, pageSize: 50, faults, clock, problems, calls: [], cancelled: [], onEvent };
  const session = new McpSession(state);
  if (greeting !== undefined) output.write(`${greeting}\n`);
  const actions = {
    send: (message: JsonRpc) => void output.write(`${JSON.stringify(message)}\n`),
    die,
    garbage: () => void output.write('hello\n'),
  };
  let rest = '';
  input.setEncoding('utf8');
  for await (const piece of input as AsyncIterable<string>) {
    const lines = `${rest}${piece}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      let message: unknown;
      try {
        message = JSON.parse(line);
      } catch {
        problems.push('a line holds no JSON');
      }
      if (message !== undefined) session.receive(message, actions);
      for (const problem of problems.splice(0)) onEvent(`problem: ${problem}`);
    }
  }
}

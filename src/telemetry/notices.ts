import { inspect } from 'node:util';
import { isTandemError } from '../base/errors.js';
import { type Logger, createLogger } from './log.js';

/** Where notices go: standard error. */
export interface NoticeOutput {
  isTTY?: boolean | undefined;
  on?(event: 'error', listener: () => void): unknown;
  write(text: string): unknown;
}

/**
 * What the operator should read at start and stop. On a terminal each notice is a sentence. Otherwise it is a JSON line in
 * the form of the log, with the sentence in `notice`, because a collector of logs reads it.
 */
export class Notices {
  private readonly output: NoticeOutput;
  /** `undefined` on a terminal. */
  private readonly log: Logger | undefined;

  constructor(output: NoticeOutput) {
    this.output = output;
    // A terminal that was closed must not end the calls.
    output.on?.('error', () => undefined);
    this.log = output.isTTY === true ? undefined : createLogger({ level: 'info', destination: output });
  }

  /** Writes one notice. `msg` is constant; what varies is in the sentence and in `fields`. No secret may be in either. */
  say(level: 'info' | 'warn' | 'fatal', msg: string, sentence: string, fields: Record<string, unknown> = {}): void {
    if (this.log === undefined) this.output.write(`${sentence}\n`);
    else this.log[level]({ ...fields, notice: sentence }, msg);
  }

  warn(sentence: string): void {
    this.say('warn', 'the operator should know', this.log === undefined ? `Warning: ${sentence}` : sentence);
  }

  /** Says which settings a file has given, if there is one. */
  settingsFile(read: { file: string; names: readonly string[]; sentence: string } | undefined): void {
    if (read === undefined) return;
    const { file, names, sentence } = read;
    this.say('info', 'settings were read from a file', sentence, { file, names });
  }

  /** Writes lines that help a person at a terminal, and nobody else. */
  hint(...lines: string[]): void {
    if (this.log === undefined) this.output.write(`${lines.join('\n')}\n`);
  }

  /** Writes why the process ends. An error that was not raised on purpose is a bug, and shows its stack. */
  failed(error: unknown): void {
    if (isTandemError(error)) this.say('fatal', 'the start has failed', error.message, { code: error.code });
    else if (this.log === undefined) this.output.write(`${inspect(error)}\n`);
    else this.log.fatal({ err: error }, 'the start has failed');
  }
}

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError, readInput } from '../src/process/command-line.js';
import { builtInPrompt, BUILT_IN_DRAFTS, defaultPrompt } from '../src/prompts/built-in.js';
import { ownLines } from '../src/prompts/lines/index.js';
import { type ChatAnswer, type ChatRequest, ChatService } from '../test/support/chat-service.js';
import { CALLER_WORDS } from './cases/caller-words.js';
import { languageOf } from './language.js';
import { command, evaluate } from './main.js';

// For tests of the evals: the command against a service whose models answer as told.

export const KEY = 'sk-test-0123456789';

const words = Object.values(CALLER_WORDS);
const wantsHuman = new Set(words.flatMap(({ isAngry, wantsHuman }) => [wantsHuman, isAngry]));
const isDone = new Set(words.map(({ isDone }) => isDone));

/** Returns what was said last. */
export function lastOf({ messages }: ChatRequest): string {
  return messages.at(-1)?.content ?? '';
}

/** Answers as a good model does: with a transfer when needed, else with one short sentence in the language of the greeting. */
export function goodModel(request: ChatRequest): ChatAnswer {
  const last = lastOf(request);
  const { lines } = ownLines(languageOf(request.messages[1]?.content ?? '') ?? 'en') ?? { lines: defaultPrompt.lines };
  if (wantsHuman.has(last) || /smoke|not helping me|a quote/.test(last)) {
    return { text: lines.handover, tool: 'transfer_to_human' };
  }
  return isDone.has(last) ? { text: lines.silentGoodbye, tool: 'end_call' } : { text: lines.nobodyFree };
}

/** The prompt of that name as it is. */
export function builtIn(name: string): ReturnType<typeof builtInPrompt> {
  return builtInPrompt(BUILT_IN_DRAFTS[name] ?? assert.fail(name));
}

/** What the command printed, and its exit code. */
export interface Ran {
  code: number;
  text: string;
}

export class EvalsRig {
  readonly service = new ChatService();
  readonly folder = mkdtempSync(join(tmpdir(), 'evals-'));
  baseUrl = '';

  async open(): Promise<void> {
    this.baseUrl = await this.service.start();
  }

  /** Makes both models good again, and forgets what they were asked. */
  reset(): void {
    const { service } = this;
    service.answer = goodModel;
    service.judge = () => ({ isTrue: true, reason: 'so it is' });
    service.judgeWrites = false;
    service.refuses = () => undefined;
    for (const list of [service.requests, service.questions, service.keys]) list.length = 0;
  }

  async close(): Promise<void> {
    await this.service.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Writes a file as JSON, or as it is if it is text. Returns its path. */
  file(name: string, content: unknown): string {
    const path = join(this.folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  /** Runs the command with one sample of each case, unless `args` say otherwise. */
  async run(args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
    const lines: string[] = [];
    const all = { OPENAI_API_KEY: KEY, OPENAI_BASE_URL: this.baseUrl, ...env };
    const samples = args.includes('--samples') ? [] : ['--samples', '1'];
    try {
      const { values } = readInput(command, [...samples, ...args]) ?? assert.fail();
      const code = await evaluate(values, all, { write: (line) => lines.push(line) });
      return { code, text: lines.join('\n') };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return { code: 2, text: error.message };
    }
  }
}

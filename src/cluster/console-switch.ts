import type { InstanceAnswers, InstanceUpdate, Opened, WrongToken } from '../console/other-instances.js';
import type { AskedOthers } from './protocol.js';
import type { WorkerProcess } from './worker-process.js';

/** Maximum wait for the other workers beyond what the asking one waits itself. */
const SPARE_MS = 200;

/** Passes what the workers' consoles tell and ask each other. Only workers that are watched tell anything. */
export class ConsoleSwitch {
  private readonly workers: () => readonly WorkerProcess[];
  /** The workers that watch, by name, and the calls that they have opened. */
  private readonly opened = new Map<string, readonly string[]>();
  /** What each worker was told last. */
  private readonly told = new Map<string, string | undefined>();

  /** `workers` returns all workers. */
  constructor(workers: () => readonly WorkerProcess[]) {
    this.workers = workers;
  }

  /** A worker watches, or does not any more. */
  watch(worker: string, opened: Opened): void {
    if (opened === undefined) this.opened.delete(worker);
    else this.opened.set(worker, opened);
    this.tellAll();
  }

  /** A worker has started, and knows of no watcher. */
  up(worker: string): void {
    this.told.delete(worker);
    this.tellAll();
  }

  /** A worker's process is gone. */
  gone(worker: string): void {
    this.opened.delete(worker);
    this.told.delete(worker);
    this.tellAll();
    for (const { link } of this.watching(worker)) link?.tell('console-lost', worker);
  }

  update(from: string, update: InstanceUpdate): void {
    for (const { link } of this.watching(from)) link?.tell('console-update', { instance: from, update });
  }

  /** A worker was sent a wrong token. All others count it, too. */
  wrongToken(from: string, wrong: WrongToken): void {
    for (const { link, name } of this.workers()) if (name !== from) link?.tell('console-wrong-token', wrong);
  }

  /** Asks all workers but the one that wants to know. */
  async ask(from: string, { limitMs, question }: AskedOthers): Promise<InstanceAnswers<unknown>> {
    const asked = this.workers().filter(({ isAlive, name }) => isAlive && name !== from);
    const settled = await Promise.allSettled(
      asked.map(async ({ link, name }) => {
        if (link === undefined) throw new Error('The worker has no process.');
        return { instance: name, answer: await link.ask('console-ask', question, Math.max(0, limitMs - SPARE_MS)) };
      }),
    );
    const answers = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    return { answers, isComplete: answers.length === asked.length };
  }

  private watching(besides: string): WorkerProcess[] {
    return this.workers().filter(({ name }) => name !== besides && this.opened.has(name));
  }

  /** Tells each worker what the others watch, if that has changed for it. */
  private tellAll(): void {
    for (const { link, name } of this.workers()) {
      if (link === undefined) continue;
      const others = [...this.opened].filter(([other]) => other !== name);
      const opened = others.length === 0 ? undefined : [...new Set(others.flatMap(([, sids]) => sids))];
      const text = opened?.join();
      if (this.told.get(name) === text) continue;
      this.told.set(name, text);
      link.tell('console-watched', { opened });
    }
  }
}

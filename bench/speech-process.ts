import { fork } from 'node:child_process';
import type { SpeechReport } from './speech-gateway.js';
import type { SpokenCall } from './spoken-call.js';
import type { Note } from './timed-provider.js';

// The handle of the section `speech` on its gateway process.

/** The parts of the time from the end of a question to its answer. */
export const PARTS = ['silenceMs', 'recognitionMs', 'replyMs', 'outMs'] as const;
export type Parts = Record<(typeof PARTS)[number], number>;

/** A gateway with the embedded voice in a process of its own, with its reports on its sessions. */
export class SpeechProcess {
  readonly port: number;
  private readonly kill: () => Promise<void>;
  private readonly notes: readonly Note[];
  private readonly sessions: ReadonlyMap<string, number>;

  private constructor(options: {
    port: number;
    kill: () => Promise<void>;
    notes: readonly Note[];
    sessions: ReadonlyMap<string, number>;
  }) {
    this.port = options.port;
    this.kill = options.kill;
    this.notes = options.notes;
    this.sessions = options.sessions;
  }

  static async start(): Promise<SpeechProcess> {
    const child = fork(new URL('./speech-gateway.js', import.meta.url), { execArgv: ['--enable-source-maps'] });
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    const notes: Note[] = [];
    const sessions = new Map<string, number>();
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', () => reject(new Error('The gateway did not start.')));
      child.on('message', (report: SpeechReport) => {
        if ('port' in report) resolve(report.port);
        else if ('callSid' in report) sessions.set(report.callSid, report.session);
        else notes.push(report);
      });
    });
    const kill = (): Promise<void> => {
      child.kill();
      return ended;
    };
    return new SpeechProcess({ port, kill, notes, sessions });
  }

  stop(): Promise<void> {
    return this.kill();
  }

  /** Returns the parts of a call's wait. `undefined` if the session did not report all of them. */
  partsOf({ answeredMs, askedMs, callSid }: SpokenCall): Parts | undefined {
    const notes = this.notes.filter(({ atMs, session }) => session === this.sessions.get(callSid) && atMs >= askedMs);
    const stopped = notes.find(({ kind }) => kind === 'speech-stopped');
    const text = notes.find(({ kind }) => kind === 'text');
    const audio = notes.find(({ kind }) => kind === 'audio');
    if (stopped === undefined || text === undefined || audio === undefined) return undefined;
    return {
      silenceMs: stopped.atMs - askedMs,
      recognitionMs: text.atMs - stopped.atMs,
      replyMs: audio.atMs - text.atMs,
      outMs: answeredMs - audio.atMs,
    };
  }
}

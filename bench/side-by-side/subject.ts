import { type ChildProcess, fork } from 'node:child_process';
import { answerOf } from '../support/answer-of.js';
import { ON_LAST_CORE } from '../support/cores.js';
import type { CpuProfile } from '../profile/flame-graph.js';
import { AUTH_TOKEN, type Counted, type Kind, type SubjectQuestion } from './questions.js';

const NAME = 'The subject';

/** A subject in a process of its own, on the last core. */
export class SubjectProcess {
  readonly kind: Kind;
  readonly port: number;
  private readonly child: ChildProcess;

  private constructor(kind: Kind, child: ChildProcess, port: number) {
    this.kind = kind;
    this.child = child;
    this.port = port;
  }

  /** `trusted`: path of a certificate of the model. */
  static async start(kind: Kind, modelUrl: string, options: { trusted?: string } = {}): Promise<SubjectProcess> {
    const child = fork(new URL('./subject-process.js', import.meta.url), [kind, modelUrl], {
      ...ON_LAST_CORE,
      execArgv: [...ON_LAST_CORE.execArgv, '--expose-gc', '--enable-source-maps'],
      // The log goes where a container's goes: to a pipe that somebody else reads.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        ...process.env,
        ENV_FILE: 'none',
        ...(options.trusted === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.trusted }),
      },
    });
    const { port } = (await answerOf(child, NAME)) as { port: number };
    return new SubjectProcess(kind, child, port);
  }

  get address(): { port: number; rings: boolean; authToken: string } {
    return { port: this.port, rings: this.kind !== 'relay', authToken: AUTH_TOKEN };
  }

  async startCounting(): Promise<void> {
    await this.ask('start-counting');
  }

  /** Resolves with what was measured since {@link startCounting}. */
  counted(): Promise<Counted> {
    return this.ask('counted') as Promise<Counted>;
  }

  async startProfile(): Promise<void> {
    await this.ask('start-profile');
  }

  /** Resolves with where the CPU went since {@link startProfile}. */
  profile(): Promise<CpuProfile> {
    return this.ask('profile') as Promise<CpuProfile>;
  }

  /** Resolves with the resident memory after a collection, in bytes. */
  async residentBytes(): Promise<number> {
    const { residentBytes } = (await this.ask('held')) as { residentBytes: number };
    return residentBytes;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill();
    await ended;
  }

  private ask(question: SubjectQuestion): Promise<unknown> {
    this.child.send(question);
    return answerOf(this.child, NAME);
  }
}

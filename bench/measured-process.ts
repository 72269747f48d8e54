import { type ChildProcess, fork } from 'node:child_process';
import { answerOf } from './support/answer-of.js';
import { ON_LAST_CORE } from './support/cores.js';
import type { Counted, Held, Question } from './questions.js';

const NAME = 'The measured process';

// The benchmark's handle on a measured process.

/**
 * `relay` is a bare `ws` relay, the yardstick. The others are the gateway: with `USE_PIPECAT` true and false, and with a console
 * that is told nothing.
 */
export type Variant = 'relay' | 'pipeline' | 'direct' | 'no-console';

/** A relay or a gateway in a process of its own, on one core. */
export class MeasuredProcess {
  readonly port: number;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.port = port;
  }

  /**
   * `authTokens`: a gateway as it runs on the internet. It checks signatures, logs what it refuses (to nowhere), and
   * watches its event loop.
   */
  static async start(
    variant: Variant,
    modelUrl: string | undefined,
    authTokens: readonly string[] = [],
  ): Promise<MeasuredProcess> {
    const child = fork(new URL('./server.js', import.meta.url), [variant, modelUrl ?? '', authTokens.join(',')], {
      ...ON_LAST_CORE,
      execArgv: [...ON_LAST_CORE.execArgv, '--expose-gc', '--enable-source-maps', ...extraFlags()],
      stdio: ['inherit', authTokens.length === 0 ? 'inherit' : 'ignore', 'inherit', 'ipc'],
    });
    const { port } = (await answerOf(child, NAME)) as { port: number };
    return new MeasuredProcess(child, port);
  }

  async startCounting(): Promise<void> {
    await this.ask('start-counting');
  }

  /** Resolves with what was measured since {@link startCounting}. */
  counted(): Promise<Counted> {
    return this.ask('counted') as Promise<Counted>;
  }

  held(): Promise<Held> {
    return this.ask('held') as Promise<Held>;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    // SIGINT rather than the default, so that the process writes a requested profile.
    this.child.kill('SIGINT');
    await ended;
  }

  private ask(question: Question): Promise<unknown> {
    this.child.send(question);
    return answerOf(this.child, NAME);
  }
}

/** Returns extra flags for the measured process, for instance `BENCH_NODE_FLAGS="--cpu-prof --cpu-prof-dir=/tmp/profiles"`. */
function extraFlags(): string[] {
  return (process.env['BENCH_NODE_FLAGS'] ?? '').split(' ').filter((flag) => flag !== '');
}

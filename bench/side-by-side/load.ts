import { type ChildProcess, fork } from 'node:child_process';
import { answerOf } from '../support/answer-of.js';
import { ON_FIRST_CORES } from '../support/cores.js';
import type { LoadAnswer, LoadQuestion } from './questions.js';
import type { Report } from './tally.js';

const NAME = 'The process of the load';

/** The benchmark's handle on the process of the load. */
export class Load {
  /** Where the model listens. */
  readonly modelUrl: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, modelUrl: string) {
    this.child = child;
    this.modelUrl = modelUrl;
  }

  /** `tls`: key and certificate of the model, in PEM. */
  static async start(tls?: { key: string; cert: string }): Promise<Load> {
    const args = tls === undefined ? [] : [tls.key, tls.cert];
    const child = fork(new URL('./load-process.js', import.meta.url), args, {
      ...ON_FIRST_CORES,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const { url = '' } = await answerOf<LoadAnswer>(child, NAME);
    return new Load(child, url);
  }

  /** Holds `calls` calls against the subject at `port`. More can be opened later. */
  async open(calls: number, subject: { port: number; rings: boolean; authToken: string }): Promise<void> {
    await this.ask({ ask: 'open', calls, ...subject });
  }

  async reset(): Promise<void> {
    await this.ask({ ask: 'reset' });
  }

  async report(): Promise<Report> {
    const { report } = await this.ask({ ask: 'report' });
    if (report === undefined) throw new Error('The load did not report.');
    return report;
  }

  /** Ends all calls. */
  async hangUp(): Promise<void> {
    await this.ask({ ask: 'close' });
  }

  stop(): void {
    this.child.disconnect();
  }

  private ask(question: LoadQuestion): Promise<LoadAnswer> {
    this.child.send(question);
    return answerOf(this.child, NAME);
  }
}

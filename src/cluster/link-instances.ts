import type {
  ConsoleMember,
  InstanceAnswers,
  InstanceQuestions,
  InstanceUpdate,
  Opened,
  OtherInstances,
  WrongToken,
} from '../console/other-instances.js';
import type { Link } from './link.js';
import type { ToPrimary, ToWorker } from './protocol.js';

/** The other workers, as a worker's console reaches them through the primary. */
export class LinkInstances implements OtherInstances {
  private readonly link: Link<ToPrimary, ToWorker>;
  private readonly workers: number;
  /** Set once the gateway has started. */
  private member: ConsoleMember | undefined;

  constructor(link: Link<ToPrimary, ToWorker>, workers: number) {
    this.link = link;
    this.workers = workers;
  }

  join(member: ConsoleMember): void {
    this.member = member;
  }

  /** For what the primary passes on. `undefined` before the gateway has started. */
  get joined(): ConsoleMember | undefined {
    return this.member;
  }

  watch(opened: Opened): void {
    this.link.tell('console-watch', { opened });
  }

  publish(update: InstanceUpdate): void {
    this.link.tell('console-update', update);
  }

  tellWrongToken(wrong: WrongToken): void {
    this.link.tell('console-wrong-token', wrong);
  }

  async ask<Name extends keyof InstanceQuestions>(
    name: Name,
    asked: InstanceQuestions[Name]['asked'],
    limitMs: number,
  ): Promise<InstanceAnswers<InstanceQuestions[Name]['answer']>> {
    const question = { name, asked } as ToWorker['console-ask']['asked'];
    try {
      const answers = await this.link.ask('console-ask', { question, limitMs }, limitMs);
      return answers as InstanceAnswers<InstanceQuestions[Name]['answer']>;
    } catch {
      return { answers: [], isComplete: false };
    }
  }

  count(): Promise<number> {
    return Promise.resolve(this.workers);
  }

  close(): void {
    // The link is closed by its owner.
  }
}

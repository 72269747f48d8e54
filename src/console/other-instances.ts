import type { TokenUse } from './guard.js';
import type { ActionResult, CallLists, CallRow, CallWithEvents, ConsoleEvent, OperatorRequest } from './messages.js';

// How the consoles of several instances know of each other's calls. Behind one port the cluster's primary stands between them
// (src/cluster), elsewhere Redis does (redis-instances.ts).

/** What an instance tells the others while one of them watches. An empty one is a sign of life. */
export interface InstanceUpdate {
  /** Rows that have changed. */
  calls: CallRow[];
  /** CallSids of calls that this instance does not have any more. */
  gone: string[];
  /** New and changed events of the calls that a watcher has opened, by CallSid. */
  events: [callSid: string, events: ConsoleEvent[]][];
}

/** What an instance may ask all others, and what each answers. */
export interface InstanceQuestions {
  lists: { asked: undefined; answer: CallLists };
  call: { asked: string; answer: CallWithEvents | undefined };
  act: { asked: { callSid: string; action: OperatorRequest }; answer: ActionResult };
}

/** A question on its way. */
export type InstanceQuestion = {
  [Name in keyof InstanceQuestions]: { name: Name; asked: InstanceQuestions[Name]['asked'] };
}[keyof InstanceQuestions];

export interface InstanceAnswers<Answer> {
  answers: { instance: string; answer: Answer }[];
  /** Whether every other instance has answered. */
  isComplete: boolean;
}

/** The CallSids of the calls whose events are wanted, besides all rows. `undefined` if nobody watches. */
export type Opened = readonly string[] | undefined;

/** A wrong token that an address has sent. */
export interface WrongToken {
  use: TokenUse;
  address: string | undefined;
}

/** What an instance does for the others. */
export interface ConsoleMember {
  /** Another process behind the same port was sent a wrong token. */
  onWrongToken(wrong: WrongToken): void;
  /** Others watch, or do not any more. */
  onWatched(opened: Opened): void;
  onUpdate(instance: string, update: InstanceUpdate): void;
  /** The instance is gone, or may be: nothing is known of its calls. */
  onLost(instance: string): void;
  /** Returns the answer, or a promise of it. */
  answer(question: InstanceQuestion): unknown;
}

/** The other instances. Whatever happens to the way to them, the own calls are not affected. */
export interface OtherInstances {
  /** Connects this instance. Called once. */
  join(member: ConsoleMember): void;
  /** This instance watches, or does not any more. */
  watch(opened: Opened): void;
  publish(update: InstanceUpdate): void;
  /**
   * Tells the others of a wrong token, so that an address has not as many tries as there are processes behind its port. Absent
   * where each instance has a port of its own.
   */
  tellWrongToken?(wrong: WrongToken): void;
  /** Asks all others, and waits for at most `limitMs`, or until one answer is enough. Never rejects. */
  ask<Name extends keyof InstanceQuestions>(
    name: Name,
    asked: InstanceQuestions[Name]['asked'],
    limitMs: number,
    isEnough?: (answer: InstanceQuestions[Name]['answer']) => boolean,
  ): Promise<InstanceAnswers<InstanceQuestions[Name]['answer']>>;
  /** Returns how many instances there are, this one included. Never rejects. */
  count(): Promise<number>;
  close(): void;
}

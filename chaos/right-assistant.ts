import type { CallEvent } from '../src/call/call-events.js';
import { demoBrain } from '../sim/model/demo-brain.js';
import { type BrainFactory, callTool, speak } from '../sim/model/script.js';

// Assistants that pass callers on in a chaos run, and whether the right one talks.

/** The one that callers are passed to. It comes with the gateway. */
const OTHER = 'technical';
/** What callers say who are passed on. */
const PASSED_ON = /send it back/i;
/** Maximum time until the journal is told of a change. An instance that dies before that never tells it. */
const WRITTEN_WITHIN_MS = 1500;
/** Maximum time between an answer and a change of the call's assistant that may both be right. */
const AROUND_MS = 6000;

/** The small assistant of the demonstrations, which passes on who wants to send something back. `onAnswer`: who answers the caller. */
export function passingBrain(onAnswer: (assistant: string) => void): BrainFactory {
  return () => {
    const demo = demoBrain();
    return {
      decide: (turn, situation) => {
        const isSpoken = turn.type === 'spoken';
        if (isSpoken) onAnswer(situation.instructions.includes('technical support') ? OTHER : 'default');
        const mayPass = situation.tools.some(({ name }) => name === 'transfer_to_assistant');
        if (isSpoken && mayPass && PASSED_ON.test(turn.text))
          return [speak('I pass you on.'), callTool('transfer_to_assistant', { name: OTHER })];
        return demo.decide(turn, situation);
      },
    };
  };
}

/** Returns the name by which this file knows an assistant. The one that answers has another name in each language. */
function nameHere(assistant: string): string {
  return assistant === OTHER ? OTHER : 'default';
}

/** Knows which assistant a call has, from its events, and finds one that talks in its place. */
export class RightAssistant {
  private readonly now: () => number;
  private readonly report: (violation: string) => void;
  /** Each assistant with the time from which the call has had it. */
  private readonly had: { name: string; fromMs: number }[] = [];
  private answers: { name: string; atMs: number }[] = [];

  constructor(now: () => number, report: (violation: string) => void) {
    this.now = now;
    this.report = report;
  }

  note(event: CallEvent): void {
    if (event.type === 'assistant') this.had.push({ name: nameHere(event.to), fromMs: this.now() });
    if (event.type !== 'started' || event.assistant === undefined) return;
    const name = nameHere(event.assistant);
    if (!this.mayBe(name, WRITTEN_WITHIN_MS)) this.report(`resumed with the assistant ${event.assistant}`);
    this.had.push({ name, fromMs: this.now() });
  }

  answered(name: string): void {
    this.answers.push({ name, atMs: this.now() });
  }

  /**
   * The agent is told which assistant has talked. It may be the one before if a calamity has cost the latest change (see
   * `wasWellSince`), and another gateway has put the caller through.
   */
  agentSees(name: string | undefined, wasWellSince: (sinceMs: number) => boolean): void {
    const changedMs = this.had.at(-1)?.fromMs;
    if (name === undefined || changedMs === undefined || this.mayBe(nameHere(name), AROUND_MS)) return;
    if (wasWellSince(changedMs)) this.report(`the agent is told of the assistant ${name}`);
  }

  /** Must be called often. An answer is judged when it is known what came soon after it. */
  check(): void {
    const dueMs = this.now() - AROUND_MS;
    const due = this.answers.filter(({ atMs }) => atMs <= dueMs);
    this.answers = this.answers.filter(({ atMs }) => atMs > dueMs);
    for (const { name, atMs } of due)
      if (!this.mayBe(name, AROUND_MS, atMs)) this.report(`the assistant ${name} answered in place of another`);
  }

  /** Whether the call had the assistant at that time, or within `aroundMs` of it. */
  private mayBe(name: string, aroundMs: number, atMs = this.now()): boolean {
    if (this.had.length === 0) return true;
    return this.had.some((one, index) => {
      const untilMs = this.had[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
      return one.name === name && one.fromMs - aroundMs <= atMs && untilMs + aroundMs >= atMs;
    });
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '../telemetry/log.js';
import { type Refusal, answerJson, refuse } from './answer.js';

/** The events of calls that the operator's systems have never taken. Every method rejects if the journal does not answer. */
export interface DeadLetterBox {
  /** Returns every call that has some, latest first. Times are in milliseconds since the epoch. */
  list(): Promise<readonly { callSid: string; letters: number; diedMs: number }[]>;
  /** Returns those of a call, in the order of its events. */
  of(
    callSid: string,
  ): Promise<
    readonly { event: { id: string; type: string; sequence: number; created: string }; kind: string; diedMs: number }[]
  >;
  /** Lets those of a call be sent again. Resolves with their number. */
  sendAgain(callSid: string): Promise<number>;
  remove(callSid: string, ids: readonly string[]): Promise<void>;
}

const LIST = 'dead-letters';
const CALL = /^dead-letters\/([A-Za-z0-9]{1,64})$/;
const ACTION = /^dead-letters\/(?:([A-Za-z0-9]{1,64})\/)?actions\/(send|delete)$/;
/** Calls that one answer names. */
const MAX_LISTED = 1000;
/** Calls that one request sends again or deletes, so that it is answered in time. */
const MAX_CALLS = 200;

const NONE: Refusal = { status: 404, error: 'The call has no dead letters.' };
const NO_JOURNAL: Refusal = { status: 503, error: 'The journal does not answer. Try again.' };

type Change = (fields: Record<string, unknown>, response: ServerResponse) => Promise<void>;

/** What is below /console/api/dead-letters. Names events and says nothing of what they tell. */
export class DeadLetterApi {
  private readonly box: DeadLetterBox;
  private readonly log: Logger;

  constructor(box: DeadLetterBox, log: Logger) {
    this.box = box;
    this.log = log;
  }

  /** Returns what answers a read. `undefined` if there is no such path. */
  readerOf(route: string): ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | undefined {
    if (route === LIST) return (_request, response) => this.guarded(response, () => this.sendList(response));
    const callSid = CALL.exec(route)?.[1];
    if (callSid === undefined) return undefined;
    return (_request, response) => this.guarded(response, () => this.sendCall(callSid, response));
  }

  /** Returns what does what a request asks for. `undefined` if there is no such path. */
  changerOf(route: string): Change | undefined {
    const [, callSid, action] = ACTION.exec(route) ?? [];
    if (action !== 'send' && action !== 'delete') return undefined;
    return ({ confirm }, response) =>
      this.guarded(response, async () => {
        if (callSid !== undefined) await this.change(callSid, action, response);
        else if (confirm === 'all') await this.changeAll(action, response);
        else refuse(response, { status: 400, error: 'Send {"confirm":"all"} to mean the dead letters of all calls.' });
      });
  }

  private async sendList(response: ServerResponse): Promise<void> {
    const calls = await this.box.list();
    answerJson(response, 200, {
      total: calls.length,
      calls: calls
        .slice(0, MAX_LISTED)
        .map(({ callSid, diedMs, letters }) => ({ callSid, events: letters, diedAt: diedMs })),
    });
  }

  private async sendCall(callSid: string, response: ServerResponse): Promise<void> {
    const letters = await this.box.of(callSid);
    if (letters.length === 0) {
      refuse(response, NONE);
      return;
    }
    const events = letters.map(({ diedMs, event: { created, id, sequence, type }, kind }) => ({
      id,
      type,
      sequence,
      created,
      kind,
      diedAt: diedMs,
    }));
    answerJson(response, 200, { callSid, events });
  }

  private async change(callSid: string, action: 'send' | 'delete', response: ServerResponse): Promise<void> {
    const events = await this.done(callSid, action);
    if (events === 0) {
      refuse(response, NONE);
      return;
    }
    this.log.warn({ call_sid: callSid, action, events }, 'console dead letters');
    answerJson(response, 202, { events });
  }

  private async changeAll(action: 'send' | 'delete', response: ServerResponse): Promise<void> {
    const calls = await this.box.list();
    // Oldest first, so that a receiver that was away hears of what happened in about the order in which it did.
    const chosen = calls.slice(-MAX_CALLS).toReversed();
    let events = 0;
    for (const { callSid } of chosen) events += await this.done(callSid, action);
    this.log.warn({ action, calls: chosen.length, events }, 'console dead letters');
    answerJson(response, 202, { calls: chosen.length, events, left: calls.length - chosen.length });
  }

  /** Resolves with the number of events. */
  private async done(callSid: string, action: 'send' | 'delete'): Promise<number> {
    if (action === 'send') return this.box.sendAgain(callSid);
    const ids = (await this.box.of(callSid)).map(({ event }) => event.id);
    await this.box.remove(callSid, ids);
    return ids.length;
  }

  private async guarded(response: ServerResponse, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.log.warn({ err: error }, 'the console cannot reach the dead letters');
      refuse(response, NO_JOURNAL);
    }
  }
}

import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import type { RefusedCall } from '../call/admission.js';
import type { CallEvent } from '../call/call-events.js';
import type { CallOutcome } from '../call/call-state.js';
import type { Turn } from '../voice/history.js';
import { NO_TALLY, type Tally, type ToldCall } from './call-event.js';
import type { DeadLetters } from './dead-letters.js';
import type { EventOutbox } from './event-outbox.js';
import type { NewEvent } from './outbox.js';

/** What this instance knows of a call that is not over. */
interface Story {
  tally: Tally;
  /** The session that is open. */
  session: { provider: string; sinceMs: number } | undefined;
  turns: () => readonly Turn[];
}

export interface CallEventsOptions {
  outbox: EventOutbox;
  clock: Clock;
  /** Whether the end of a call is told with what was said. */
  withTranscript: boolean;
}

/** Tells the operator's systems of calls: makes their events from those of the calls in this process. */
export class CallEvents {
  private readonly options: CallEventsOptions;
  private readonly stories = new Map<string, Story>();

  constructor(options: CallEventsOptions) {
    this.options = options;
  }

  onCallEvent(event: CallEvent): void {
    const { callSid } = event;
    if (event.type === 'started') {
      this.started(event);
      return;
    }
    const story = this.stories.get(callSid);
    switch (event.type) {
      case 'connected':
        if (story !== undefined && event.error === undefined) this.session(story, event.provider);
        return;
      case 'stream-ended':
        if (story !== undefined) this.session(story, undefined);
        return;
      case 'usage':
        if (story === undefined) return;
        story.tally = {
          ...story.tally,
          inputTokens: story.tally.inputTokens + event.inputTokens,
          outputTokens: story.tally.outputTokens + event.outputTokens,
        };
        return;
      case 'escalated': {
        const { reason, trigger } = event.escalation;
        this.add(callSid, { type: 'call.escalated', data: () => ({ trigger, reason }) });
        return;
      }
      case 'handover-prepared':
      case 'dialling':
        if (story !== undefined && event.handoverId !== undefined)
          story.tally = { ...story.tally, handoverId: event.handoverId };
        return;
      case 'dial-ended': {
        const { outcome } = event;
        // The id is told at the end as well, where it still counts among what is known.
        const known = story?.tally.handoverId;
        this.add(callSid, {
          type: 'call.handover',
          data: ({ handoverId }) => ({ outcome, handover_id: known ?? handoverId ?? null }),
        });
        return;
      }
      case 'message-kept': {
        const { callbackId, kind } = event;
        this.add(callSid, { type: 'call.message', data: () => ({ kind, message_id: callbackId }) });
        return;
      }
      case 'ended':
        this.ended(callSid, event.outcome);
        return;
      default:
    }
  }

  /** The call was refused, so no other event of it comes from here. */
  refused({ callSid, from, isPutThrough, reason, to }: RefusedCall): void {
    const { clock, outbox } = this.options;
    const createdMs = clock.epochMs();
    const call: ToldCall = {
      call_sid: callSid,
      conversation_id: randomBytes(12).toString('hex'),
      direction: 'inbound',
      from,
      to,
      started_at: new Date(createdMs).toISOString(),
    };
    const data = { reason, to: isPutThrough ? 'human' : 'nobody' };
    outbox.tell(call, { type: 'call.refused', createdMs, isOnce: true, data: () => data });
  }

  /** A call has ended whose instance is gone. */
  endedElsewhere(callSid: string, outcome: CallOutcome): void {
    this.end(callSid, outcome, NO_TALLY, undefined);
  }

  /** The events that were never taken, for the operator. */
  get deadLetters(): Pick<DeadLetters, 'list' | 'of' | 'remove'> & Pick<EventOutbox, 'sendAgain'> {
    const { outbox } = this.options;
    const { letters } = outbox;
    return {
      list: () => letters.list(),
      of: (callSid) => letters.of(callSid),
      remove: (callSid, ids) => letters.remove(callSid, ids),
      sendAgain: (callSid) => outbox.sendAgain(callSid),
    };
  }

  /** What is told of calls is in the journal or sent, as far as two seconds allow. */
  close(): Promise<void> {
    return this.options.outbox.close();
  }

  private started(event: Extract<CallEvent, { type: 'started' }>): void {
    const { callSid, conversationId, from, history, outboundId, startedAtMs, to } = event;
    this.stories.set(callSid, { tally: NO_TALLY, session: undefined, turns: history ?? (() => []) });
    const isInbound = outboundId === undefined;
    const call: ToldCall = {
      call_sid: callSid,
      conversation_id: conversationId,
      direction: isInbound ? 'inbound' : 'outbound',
      // In the gateway the other person is always the caller.
      from: isInbound ? from : to,
      to: isInbound ? to : from,
      started_at: new Date(startedAtMs).toISOString(),
    };
    const data = isInbound ? {} : { outbound_id: outboundId };
    this.options.outbox.begin(call, { type: 'call.started', createdMs: startedAtMs, isOnce: true, data: () => data });
  }

  private ended(callSid: string, outcome: CallOutcome): void {
    const story = this.stories.get(callSid);
    this.stories.delete(callSid);
    if (story !== undefined) this.session(story, undefined);
    const tally = story?.tally ?? NO_TALLY;
    // Another instance tells the end.
    if (outcome === 'moved') this.options.outbox.keep(callSid, tally);
    else this.end(callSid, outcome, tally, story?.turns());
  }

  private end(callSid: string, outcome: CallOutcome, own: Tally, turns: readonly Turn[] | undefined): void {
    const { clock, outbox, withTranscript } = this.options;
    const endedMs = clock.epochMs();
    const said = withTranscript
      ? { transcript: (turns ?? []).map(({ interrupted, speaker, text }) => ({ speaker, text, interrupted })) }
      : {};
    const data: NewEvent['data'] = (tally, call) => ({
      outcome,
      ended_at: new Date(endedMs).toISOString(),
      duration_seconds: Math.max(0, Math.round((endedMs - Date.parse(call.started_at)) / 1000)),
      providers: Object.entries(tally.providerMs).map(([name, ms]) => ({ name, seconds: Math.round(ms / 100) / 10 })),
      tokens: { input: tally.inputTokens, output: tally.outputTokens },
      handover_id: tally.handoverId ?? null,
      ...said,
    });
    outbox.end(callSid, { type: 'call.ended', createdMs: endedMs, isOnce: true, data }, own);
  }

  private add(callSid: string, event: Omit<NewEvent, 'createdMs'>): void {
    this.options.outbox.add(callSid, { ...event, createdMs: this.options.clock.epochMs() });
  }

  /** Another session talks to the caller, or none. */
  private session(story: Story, provider: string | undefined): void {
    const nowMs = this.options.clock.now();
    const { session, tally } = story;
    if (session !== undefined) {
      const { providerMs } = tally;
      const ms = (providerMs[session.provider] ?? 0) + nowMs - session.sinceMs;
      story.tally = { ...tally, providerMs: { ...providerMs, [session.provider]: ms } };
    }
    story.session = provider === undefined ? undefined : { provider, sinceMs: nowMs };
  }
}

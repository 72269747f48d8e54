import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { createLogger } from '../../telemetry/log.js';
import type { VoiceEvent } from '../session.js';
import type { EventBuilder } from './client-events.js';
import { Dialogue, type DialogueEvent } from './dialogue.js';
import { wireAudioFormat } from './audio-format.js';
import { ALREADY_ACTIVE } from './failures.js';
import { TranscriptionWatch } from '../transcription-watch.js';

type Wire = { type: string; event_id: string; response_id?: string; response?: { metadata: { request_id: string } } };

/** The service's rules for responses, with both directions of the network as queues that the test empties. */
class ServiceModel {
  readonly toService: Wire[] = [];
  readonly toGateway: DialogueEvent[] = [];
  active: string | undefined;
  isSpeaking = false;
  /** Set by an item of the caller, reset by a response that knows of it. */
  isOwing = false;
  private count = 0;

  take(): void {
    const event = this.toService.shift();
    if (event === undefined) return;
    switch (event.type) {
      case 'conversation.item.create':
        this.isOwing = true;
        this.toGateway.push({ type: 'item-added' });
        return;
      case 'response.create':
        if (this.active !== undefined) this.error(ALREADY_ACTIVE, event.event_id);
        else this.begin(event.response?.metadata.request_id);
        return;
      case 'response.cancel':
        if (this.active === event.response_id) this.end('cancelled');
        else this.error('response_cancel_not_active', event.event_id);
        return;
    }
  }

  speak(): void {
    if (this.isSpeaking) return;
    this.isSpeaking = true;
    this.toGateway.push({ type: 'speech-started', itemId: `c${++this.count}` });
    if (this.active !== undefined) this.end('cancelled');
  }

  stop(): void {
    if (!this.isSpeaking) return;
    this.isSpeaking = false;
    const itemId = `c${this.count}`;
    this.toGateway.push({ type: 'speech-stopped', itemId }, { type: 'committed', itemId });
    if (this.active === undefined) this.begin(undefined);
    else this.error(ALREADY_ACTIVE, undefined);
  }

  end(status: 'completed' | 'cancelled'): void {
    if (this.active === undefined) return;
    const responseId = this.active;
    this.active = undefined;
    const sound = Buffer.alloc(160, 0x55).toString('base64');
    const item = { responseId, itemId: `${responseId}-item`, contentIndex: 0 };
    if (status === 'completed') this.toGateway.push({ type: 'audio-delta', ...item, audio: sound });
    this.toGateway.push({
      type: 'response-done',
      responseId,
      status,
      reason: undefined,
      error: undefined,
      usage: undefined,
    });
  }

  private begin(requestId: string | undefined): void {
    this.active = `r${++this.count}`;
    this.isOwing = false;
    this.toGateway.push({ type: 'response-created', responseId: this.active, requestId });
  }

  private error(code: string, eventId: string | undefined): void {
    this.toGateway.push({ type: 'error', error: { type: 'invalid_request_error', code, eventId, param: '' } });
  }
}

const STEPS = ['take', 'take', 'hear', 'hear', 'finish', 'speak', 'stop', 'say', 'write', 'cancel', 'goodbye'] as const;

test('in any order of events, each line ends once and at most one response is requested at a time', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...STEPS), { maxLength: 60 }), fc.boolean(), (steps, repeatsMetadata) => {
      const service = new ServiceModel();
      const events: VoiceEvent[] = [];
      const said: string[] = [];
      let sent = 0;
      let isAsked = false;
      let hasCancelled = false;
      const send = (build: EventBuilder): string => {
        const eventId = `gw-${++sent}`;
        const event = JSON.parse(build(eventId)) as Wire;
        if (event.type === 'response.create') {
          assert.ok(!isAsked, 'asked twice');
          isAsked = true;
        }
        service.toService.push(event);
        return eventId;
      };
      const dialogue = new Dialogue({
        send,
        emit: (event) => events.push(event),
        clock: new FakeClock(),
        log: createLogger({ level: 'silent' }),
        instructions: '',
        transcription: new TranscriptionWatch(),
        isTranscribed: true,
        canTransfer: true,
        configId: 'config',
        onAnomaly: () => undefined,
        onAsked: () => undefined,
        onFatal: (error) => assert.fail(error.message),
        format: wireAudioFormat('audio/pcmu'),
        onSettingRefused: () => assert.fail('a setting was refused'),
        onFormatRefused: () => assert.fail('the format was refused'),
      });
      const hear = (): void => {
        const event = service.toGateway.shift();
        if (event === undefined) return;
        if (event.type === 'response-created') {
          if (event.requestId !== undefined) isAsked = false;
          dialogue.onEvent(repeatsMetadata ? event : { ...event, requestId: undefined });
          return;
        }
        if (event.type === 'error' && event.error.code === ALREADY_ACTIVE && event.error.eventId !== undefined)
          isAsked = false;
        dialogue.onEvent(event);
      };
      const say = (): void => {
        said.push(`s${said.length}`);
        dialogue.say('Hello.', said.at(-1) as string);
      };
      dialogue.open();
      for (const step of steps) {
        switch (step) {
          case 'take':
            service.take();
            break;
          case 'hear':
            hear();
            break;
          case 'finish':
            service.end('completed');
            break;
          case 'speak':
            service.speak();
            break;
          case 'stop':
            service.stop();
            break;
          case 'say':
            say();
            break;
          case 'write':
            dialogue.interrupt();
            dialogue.callerWrote('Hello?');
            hasCancelled = false;
            break;
          case 'cancel':
            dialogue.cancel();
            hasCancelled = true;
            break;
          case 'goodbye':
            dialogue.cancel();
            say();
            hasCancelled = true;
            break;
        }
      }
      service.stop();
      for (let round = 0; round < 500; round++) {
        service.take();
        hear();
        if (service.toGateway.length === 0 && service.toService.length === 0) service.end('completed');
      }
      const ends = events.filter(({ type }) => type === 'response-done');
      for (const sayId of said) {
        const ofLine = ends.filter((event) => event.type === 'response-done' && event.sayId === sayId);
        assert.equal(ofLine.length, 1, `${sayId} ended ${ofLine.length} times`);
      }
      assert.equal(events.filter(({ type }) => type === 'response-started').length, ends.length);
      assert.ok(!dialogue.isExpecting, 'still expecting');
      assert.ok(hasCancelled || !service.isOwing, 'the caller is not answered');
    }),
    { numRuns: 1000 },
  );
});

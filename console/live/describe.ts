import type { ConsoleEvent } from '../../src/console/messages.js';
import { named, plural, text } from '../text/text.js';
import { shortTime } from './format.js';

/** Says in words what an event is. The words of a turn are not in it. */
export function describe(event: ConsoleEvent): string {
  switch (event.kind) {
    case 'state':
      return named('state', event.state);
    case 'caller-speech':
      return text('event.caller-speech', { time: shortTime(event.ms) });
    case 'model-speech': {
      const [heard, sent] = [shortTime(event.heardMs), shortTime(event.sentMs)];
      return event.heardMs >= event.sentMs
        ? text('event.model-speech.all', { sent })
        : text('event.model-speech', { heard, sent });
    }
    case 'barge-in':
      return text('event.barge-in');
    case 'turn':
      return text(
        event.speaker === 'caller'
          ? 'event.turn.caller'
          : event.interrupted
            ? 'event.turn.cut'
            : 'event.turn.assistant',
      );
    case 'tool':
      return event.name === '' ? text('event.tool.unknown') : text('event.tool', { name: event.name });
    case 'renewal':
    case 'reconnect':
      return `${text(`event.${event.kind}`, { provider: event.provider })}, ${silence(event)}`;
    case 'pass':
      return event.from === event.to
        ? `${text('event.pass.language', { name: event.to, language: event.language })}, ${silence(event)}`
        : `${text('event.pass', { from: event.from, to: event.to, language: event.language })}, ${silence(event)}`;
    case 'failover':
      return `${text('event.failover', { from: event.from, to: event.to })}, ${silence(event)}`;
    case 'resume':
      return `${text('event.resume', { cause: named('cause', event.cause), instance: event.instance })}, ${silence(event)}`;
    case 'move':
      return text('event.move');
    case 'escalation':
      return text('event.escalation', {
        reason: named('reason', event.reason),
        trigger: named('trigger', event.trigger),
      });
    case 'handover':
      return handover(event);
    case 'dial':
      return text('event.dial', { outcome: named('dial', event.outcome) });
    case 'agent':
      return text('event.agent', { step: named('agent', event.step) });
    case 'operator':
      return event.fault === undefined
        ? text(`event.operator.${event.action}`)
        : text('event.operator.fault', { fault: text(`fault.${event.fault}.name`) });
    case 'log':
      return event.msg;
  }
}

/** Says how long the caller heard nothing where something was replaced. */
export function silence({ silenceMs }: { silenceMs?: number | undefined }): string {
  if (silenceMs === undefined) return text('seam.pending');
  return silenceMs === 0 ? text('seam.none') : text('seam.silence', { time: shortTime(silenceMs) });
}

function handover(event: ConsoleEvent & { kind: 'handover' }): string {
  switch (event.step) {
    case 'record':
    case 'no-record':
    case 'dial':
    case 'briefed':
    case 'taken':
      return text(`event.handover.${event.step}`);
    case 'digits':
    case 'heard':
      return plural(`event.handover.${event.step}`, event.digits);
    case 'lambda':
      return text('event.handover.lambda', { status: named('token', event.status) });
    case 'queue':
    case 'no-queue':
      return text(`event.handover.${event.step}`, { queue: event.queue });
  }
}

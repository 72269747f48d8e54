import type { Signal } from '@preact/signals';
import type { ConsoleEvent } from '../../src/console/messages.js';
import { describe, silence } from '../live/describe.js';
import { moment } from '../live/format.js';
import { failureOf } from '../live/journey.js';
import { named, text } from '../text/text.js';
import { Icon, type IconName } from './icon.js';
import { memo } from './memo.js';

const ICONS: Partial<Record<ConsoleEvent['kind'], IconName>> = {
  'barge-in': 'bolt',
  tool: 'tool',
  renewal: 'refresh',
  reconnect: 'refresh',
  failover: 'swap',
  pass: 'swap',
  resume: 'refresh',
  move: 'move',
  escalation: 'person',
  operator: 'hand',
  log: 'line',
  agent: 'person',
};

/** One event on its lane. */
export const TimelineEvent = memo(function TimelineEvent({
  event,
  fromMs,
  pxPerMs,
  row,
  selected,
  toMs,
}: {
  event: ConsoleEvent;
  fromMs: number;
  toMs: number;
  pxPerMs: number;
  /** Where several stand close, each has a row. */
  row: number;
  selected: Signal<ConsoleEvent | undefined>;
}) {
  const select = (): void => {
    selected.value = event;
  };
  const isSpan = toMs > fromMs;
  const style: Record<string, string> = { insetInlineStart: `${(fromMs * pxPerMs).toFixed(1)}px` };
  if (isSpan) style['width'] = `${Math.max(2, (toMs - fromMs) * pxPerMs).toFixed(1)}px`;
  if (row > 0) style['insetBlockStart'] = `${row * 1.375}rem`;
  return (
    <li
      class={isSpan ? 'span' : 'mark'}
      data-testid="timeline-event"
      data-kind={event.kind}
      data-at-ms={event.atMs}
      data-id={event.id}
      data-detail={detailOf(event)}
      style={style}
      onPointerEnter={select}
      onClick={select}
    >
      <span class="unseen">
        {moment(event.atMs)} {describe(event)}
      </span>
      <Face event={event} />
    </li>
  );
});

/** What the style tells apart within a kind. */
function detailOf(event: ConsoleEvent): string | undefined {
  switch (event.kind) {
    case 'state':
      return event.state;
    case 'log':
      return event.level;
    case 'handover':
      return event.step;
    case 'dial':
      return event.outcome;
    default:
      return undefined;
  }
}

/** What an event looks like. Its words are hidden beside it, so that a screen reader does not read a picture of it. */
function Face({ event }: { event: ConsoleEvent }) {
  switch (event.kind) {
    case 'model-speech': {
      const share = event.sentMs === 0 ? 0 : Math.min(1, event.heardMs / event.sentMs);
      return (
        <span class="heard" data-cut={share < 1} aria-hidden="true" style={{ width: `${(share * 100).toFixed(2)}%` }} />
      );
    }
    case 'state':
      return event.state === 'ended' ? null : (
        <span class="face" aria-hidden="true">
          {named('state', event.state)}
        </span>
      );
    case 'renewal':
    case 'reconnect':
    case 'failover':
      return (
        <span class="face" aria-hidden="true">
          <span class="seam" data-silent={event.silenceMs > 0}>
            <Icon name={ICONS[event.kind] ?? 'refresh'} />
            {text(`kind.${event.kind}`)} {silence(event)}
          </span>
          {event.kind === 'failover' ? event.to : event.provider}
        </span>
      );
    case 'pass':
      return (
        <span class="face" aria-hidden="true">
          <span class="seam" data-silent={(event.silenceMs ?? 0) > 0}>
            <Icon name="swap" />
            {text('kind.pass')} {silence(event)}
          </span>
          {event.to}
        </span>
      );
    case 'resume':
    case 'move':
      return (
        <span class="face seam" data-silent={'silenceMs' in event && (event.silenceMs ?? 0) > 0} aria-hidden="true">
          <Icon name={ICONS[event.kind] ?? 'refresh'} />
          {text(`kind.${event.kind}`)} {event.kind === 'resume' ? silence(event) : ''}
        </span>
      );
    case 'handover':
      return (
        <span class="face" aria-hidden="true">
          <Icon name={failureOf(event) !== undefined ? 'cross' : event.step === 'dial' ? 'phone' : 'check'} />
        </span>
      );
    case 'dial':
      return (
        <span class="face" aria-hidden="true">
          <Icon name={event.outcome === 'bridged' ? 'check' : 'cross'} />
        </span>
      );
    case 'caller-speech':
    case 'turn':
      return null;
    case 'barge-in':
    case 'tool':
    case 'escalation':
    case 'operator':
    case 'agent':
    case 'log':
      return (
        <span class="face" aria-hidden="true">
          <Icon name={ICONS[event.kind] ?? 'line'} />
        </span>
      );
  }
}

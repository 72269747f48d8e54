import type { Signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { session } from '../live/api.js';
import type { LiveCall } from '../live/calls-store.js';
import { duration, seconds, shortSid, shortTime } from '../live/format.js';
import { gatewayNow } from '../live/gateway-clock.js';
import { quietLevel } from '../live/quiet.js';
import { useTick, writeText } from '../live/ticker.js';
import { named, text } from '../text/text.js';
import { Person } from './person.js';
import { type RowLayout, placeOf } from './row-layout.js';

/** One call of the list. Its place and its content change apart from each other. */
export function CallRowView({
  index,
  isCurrent,
  layout,
  row,
}: {
  row: Signal<LiveCall>;
  /** Its place in the list, from 0. */
  index: number;
  layout: RowLayout;
  isCurrent: boolean;
}) {
  const element = useRef<HTMLTableRowElement>(null);
  const { call, isGone, quietSinceMs } = row.value;
  useTick(() => {
    const level = quietLevel(quietSinceMs === undefined ? undefined : gatewayNow() - quietSinceMs);
    if (element.current !== null && element.current.dataset['quiet'] !== level)
      element.current.dataset['quiet'] = level;
  });
  return (
    <tr
      ref={element}
      role="row"
      class="call-row"
      aria-rowindex={index + 2}
      data-testid="call-row"
      data-call-sid={call.callSid}
      data-state={isGone ? 'ended' : call.state}
      data-provider={call.provider}
      data-escalated={call.escalation !== null}
      data-gone={isGone}
      data-silent={call.silent === true}
      style={placeOf(index, layout)}
      title={call.silent === true ? text('silent.instance') : undefined}
    >
      <Cells row={row} isCurrent={isCurrent} />
    </tr>
  );
}

function Cells({ isCurrent, row }: { row: Signal<LiveCall>; isCurrent: boolean }) {
  const { call, isGone } = row.value;
  const state = isGone ? 'ended' : call.state;
  return (
    <>
      <td role="cell" class="cell-call">
        <a
          href={`/console/calls/${call.callSid}`}
          tabIndex={isCurrent ? 0 : -1}
          aria-label={text('call.title', { call: shortSid(call.callSid) })}
        >
          {shortSid(call.callSid)}
        </a>
      </td>
      <td role="cell" class="cell-from" data-label={text('column.from')}>
        <Person call={call} />
      </td>
      <td role="cell" class="cell-provider" data-label={text('column.provider')}>
        {call.provider}
        {(session.value?.instances ?? 1) > 1 && ` · ${call.instance}`}
      </td>
      <td role="cell" class="cell-state" data-testid="call-state">
        <span class="state" data-state={state}>
          {isGone ? text('gone') : named('state', call.state)}
        </span>
      </td>
      <td role="cell" class="cell-duration" data-label={text('column.duration')}>
        <Duration row={row} />
      </td>
      <td
        role="cell"
        class="cell-latency"
        data-label={text('column.latency')}
        data-testid="call-latency"
        data-ms={call.lastTurnMs ?? ''}
      >
        {call.lastTurnMs === null ? text('unknown') : shortTime(call.lastTurnMs)}
      </td>
      <td role="cell" class="cell-quiet" data-label={text('column.quiet')}>
        <Quiet row={row} />
      </td>
      <td role="cell" class="cell-escalated" data-label={text('column.escalated')}>
        {call.escalation === null ? '' : named('reason', call.escalation.reason)}
      </td>
    </>
  );
}

function Duration({ row }: { row: Signal<LiveCall> }) {
  const element = useRef<HTMLSpanElement>(null);
  const { call, isGone } = row.value;
  useTick(() => {
    if (isGone && element.current?.textContent !== '') return;
    writeText(element.current, duration(gatewayNow() - call.startedAt));
  });
  return <span ref={element} data-testid="call-duration" />;
}

/** How long the caller has heard nothing. Beside the colour, a sign says how bad it is. */
function Quiet({ row }: { row: Signal<LiveCall> }) {
  const element = useRef<HTMLSpanElement>(null);
  const { quietSinceMs } = row.value;
  useTick(() => {
    const { current } = element;
    if (current === null) return;
    const quietMs = quietSinceMs === undefined ? undefined : Math.max(0, gatewayNow() - quietSinceMs);
    const level = quietLevel(quietMs);
    const sign = level === 'red' ? '▲ ' : level === 'amber' ? '△ ' : '';
    writeText(current, quietMs === undefined ? text('unknown') : `${sign}${seconds(quietMs)}`);
    if (current.dataset['level'] !== level) current.dataset['level'] = level;
  });
  return <span ref={element} class="quiet-for" data-testid="call-quiet" />;
}

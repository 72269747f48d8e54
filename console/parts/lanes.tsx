import type { Signal } from '@preact/signals';
import type { ConsoleEvent } from '../../src/console/messages.js';
import { describe } from '../live/describe.js';
import { duration, moment } from '../live/format.js';
import { type Lane, type Timeline, stacked, tickMs } from '../live/timeline.js';
import { text } from '../text/text.js';
import { TimelineEvent } from './timeline-event.js';
import type { Zoom } from './timeline-zoom.js';

// What lanes in time are made of, for one call and for two runs of one.

const MIN_TICK_PX = 72;
const MARK_PX = 22;
const MARK_ROWS = 3;
/** Rows that are there although nothing stands in them, so that the first marks move nothing. */
const MIN_MARK_ROWS = 2;
const HINT = matchMedia('(hover: hover)').matches ? 'timeline.hint' : 'timeline.hint.touch';

/** Where a stretch of time stands on its lane. */
export function spanStyle(fromMs: number, toMs: number, pxPerMs: number): Record<string, string> {
  return {
    insetInlineStart: `${(fromMs * pxPerMs).toFixed(1)}px`,
    width: `${Math.max(2, (toMs - fromMs) * pxPerMs).toFixed(1)}px`,
  };
}

export function LaneEvents({
  labelledBy,
  lane,
  lengthMs,
  provider,
  pxPerMs,
  rows: rowsOfLane,
  selected,
  sign,
  timeline,
  untilMs,
}: {
  lane: Lane;
  /** The ids of what names the lane. */
  labelledBy: string;
  timeline: Timeline;
  /** What is later is drawn with the next frames. It has its place already. */
  untilMs: number;
  /** Until when the lanes go. */
  lengthMs: number;
  /** The provider of the first session. */
  provider: string;
  pxPerMs: number;
  selected: Signal<ConsoleEvent | undefined>;
  /** Tells one run from another. */
  sign?: string | undefined;
  /** How many rows the lane has for marks that stand close. */
  rows: number;
}) {
  const placed = timeline.lanes[lane];
  const rows = rowsOf(timeline, lane, pxPerMs);
  return (
    <ol aria-labelledby={labelledBy} data-sign={sign} style={{ '--rows': String(rowsOfLane) }}>
      {lane === 'session' && (
        <li class="span session-first" style={spanStyle(0, timeline.lanes.session[0]?.fromMs ?? lengthMs, pxPerMs)}>
          <span class="face">{timeline.firstProvider ?? provider}</span>
        </li>
      )}
      {(lane === 'caller' || lane === 'model') &&
        timeline.silences.map(({ fromMs, id, toMs }) => (
          <li key={id} class="silence" aria-hidden="true" style={spanStyle(fromMs, toMs, pxPerMs)} />
        ))}
      {placed.map(
        ({ event, fromMs, toMs }, at) =>
          event.atMs < untilMs && (
            <TimelineEvent
              key={event.id}
              event={event}
              fromMs={fromMs}
              toMs={toMs}
              pxPerMs={pxPerMs}
              row={rows[at] ?? 0}
              selected={selected}
            />
          ),
      )}
    </ol>
  );
}

/** The time. `differsAtMs`: when two runs begin to differ. */
export function Axis({
  differsAtMs,
  lengthMs,
  pxPerMs,
}: {
  lengthMs: number;
  pxPerMs: number;
  differsAtMs: number | undefined;
}) {
  const everyMs = tickMs(pxPerMs, MIN_TICK_PX);
  const ticks = Array.from({ length: Math.floor(lengthMs / everyMs) + 1 }, (_none, at) => at * everyMs);
  return (
    <div class="lane axis" aria-hidden="true">
      <span />
      <div>
        {ticks.map((atMs) => (
          <span key={atMs} style={{ insetInlineStart: `${(atMs * pxPerMs).toFixed(1)}px` }}>
            {everyMs < 1000 ? moment(atMs) : duration(atMs)}
          </span>
        ))}
        {differsAtMs !== undefined && (
          <b class="differs-flag" style={{ insetInlineStart: `${(differsAtMs * pxPerMs).toFixed(1)}px` }}>
            ≠ {moment(differsAtMs)}
          </b>
        )}
      </div>
    </div>
  );
}

export function Legend() {
  return (
    <ul class="legend">
      {(['caller', 'heard', 'sent', 'silence'] as const).map((name) => (
        <li key={name}>
          <span class="swatch" data-of={name} aria-hidden="true" />
          {text(`legend.${name}`)}
        </li>
      ))}
    </ul>
  );
}

/** The row of each mark of a lane. */
function rowsOf({ lanes }: Timeline, lane: Lane, pxPerMs: number): number[] {
  const places = lane === 'marks' ? lanes.marks.map(({ fromMs }) => fromMs * pxPerMs) : [];
  return stacked(places, MARK_PX, MARK_ROWS);
}

/** How many rows a lane needs for marks that stand close. */
export function rowCount(timeline: Timeline, lane: Lane, pxPerMs: number): number {
  return Math.max(MIN_MARK_ROWS, ...rowsOf(timeline, lane, pxPerMs).map((row) => row + 1));
}

/** The buttons for the scale. */
export function ZoomButtons({ zoom }: { zoom: Zoom }) {
  return (
    <div class="zoom">
      <button
        type="button"
        class="quiet"
        aria-label={text('timeline.out')}
        title={text('timeline.out')}
        onClick={() => zoom.zoom(-2)}
      >
        −
      </button>
      <button type="button" class="quiet" data-testid="timeline-fit" aria-pressed={zoom.isFit} onClick={zoom.fit}>
        {text('timeline.fit')}
      </button>
      <button
        type="button"
        class="quiet"
        aria-label={text('timeline.in')}
        title={text('timeline.in')}
        onClick={() => zoom.zoom(2)}
      >
        +
      </button>
    </div>
  );
}

/** Says in words what the selected event is. */
export function Inspector({
  events,
  selected,
}: {
  selected: Signal<ConsoleEvent | undefined>;
  events: readonly ConsoleEvent[];
}) {
  const event = selected.value;
  if (event === undefined)
    return (
      <p class="inspector soft" aria-live="polite">
        {text(events.length === 0 ? 'timeline.empty' : HINT)}
      </p>
    );
  const turn = events.find((other) => other.kind === 'turn' && 'itemId' in event && other.itemId === event.itemId);
  return (
    <p class="inspector" aria-live="polite" data-testid="timeline-selected" data-id={event.id}>
      <b>{moment(event.atMs)}</b> {describe(event)}
      {turn?.kind === 'turn' && (turn.text !== undefined || turn.unheard !== undefined) && (
        <span class="soft">
          {' '}
          “{turn.text}
          {turn.unheard !== undefined && turn.unheard !== '' && <del>{turn.unheard}</del>}”
        </span>
      )}
    </p>
  );
}

import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConsoleEvent } from '../../src/console/messages.js';
import type { CallStore } from '../live/call-store.js';
import { describe } from '../live/describe.js';
import { duration, moment } from '../live/format.js';
import { onKeys } from '../live/shortcuts.js';
import { useTick } from '../live/ticker.js';
import { LANES, type Lane, type Placed, axisMs, stacked, tickMs, timelineOf } from '../live/timeline.js';
import { text } from '../text/text.js';
import { useGradual } from './gradual.js';
import { useSelection } from './selection.js';
import { TimelineEvent } from './timeline-event.js';
import { useWheelAndDrag, useZoom } from './timeline-zoom.js';

const MIN_TICK_PX = 72;
/** How many more events a frame draws. */
const EVENTS_A_FRAME = 60;
const MARK_PX = 22;
const MARK_ROWS = 3;
/** Rows that are there although nothing stands in them, so that the first marks move nothing. */
const MIN_MARK_ROWS = 2;
const HINT = matchMedia('(hover: hover)').matches ? 'timeline.hint' : 'timeline.hint.touch';

/**
 * The call as lanes in time: who spoke when, what the caller heard of what was sent, and where something was replaced under the
 * call. `selected`: the event that the operator looks at.
 */
export function TimelineView({ selected, store }: { store: CallStore; selected: Signal<ConsoleEvent | undefined> }) {
  const box = useRef<HTMLDivElement>(null);
  const over = useRef<HTMLDivElement>(null);
  const now = useRef<HTMLDivElement>(null);
  const events = store.events.value;
  const isOver = store.isOver.value;
  const call = store.call.value;
  const [lengthMs, setLengthMs] = useState(axisMs(store.lengthMs(), isOver));
  const trackStartPx = (): number => over.current?.offsetLeft ?? 0;
  const zoom = useZoom(box, lengthMs, trackStartPx);
  useWheelAndDrag(box, zoom, trackStartPx);
  useSelection(box, selected, { attribute: 'data-id', idOf: ({ id }) => id });
  const drawn = useGradual(events.length, EVENTS_A_FRAME);
  useTick(() => {
    const length = store.lengthMs();
    const last = events.at(-1)?.atMs ?? 0;
    setLengthMs(axisMs(Math.max(length, last), isOver));
    if (now.current !== null) now.current.style.transform = `translateX(${(length * zoom.pxPerMs).toFixed(1)}px)`;
  });
  const timeline = useMemo(() => timelineOf(events, isOver ? store.lengthMs() : lengthMs), [events, isOver, lengthMs]);
  const drawnUntilMs = events[drawn]?.atMs ?? Number.POSITIVE_INFINITY;

  const select = (event: ConsoleEvent | undefined): void => {
    selected.value = event;
    if (event !== undefined) zoom.show(event.atMs);
  };
  const step = (by: number): void => {
    const at = events.findIndex(({ id }) => id === selected.value?.id);
    select(events[at === -1 ? (by > 0 ? 0 : events.length - 1) : Math.min(Math.max(at + by, 0), events.length - 1)]);
  };
  useEffect(() => onKeys({ f: zoom.fit }), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts: Record<string, () => void> = {
      ArrowRight: () => step(1),
      ArrowLeft: () => step(-1),
      Home: () => select(events[0]),
      End: () => select(events.at(-1)),
      '+': () => zoom.zoom(1),
      '-': () => zoom.zoom(-1),
    };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };

  const provider = timeline.firstProvider ?? call?.provider ?? '';
  const firstSessionMs = timeline.lanes.session[0]?.fromMs ?? (isOver ? store.lengthMs() : lengthMs);
  return (
    <section class="card timeline" data-testid="timeline" aria-label={text('timeline.title')}>
      <div class="card-head">
        <h2>{text('timeline.title')}</h2>
        <Legend />
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
      </div>
      <div
        ref={box}
        class="lanes-box"
        tabIndex={0}
        role="group"
        aria-label={text('timeline')}
        aria-describedby="timeline-keys"
        onKeyDown={onKeyDown}
      >
        <div class="lanes" style={{ '--track': `${(lengthMs * zoom.pxPerMs).toFixed(1)}px` }}>
          <Axis lengthMs={lengthMs} pxPerMs={zoom.pxPerMs} />
          {LANES.map((lane) => (
            <div key={lane} class="lane" data-lane={lane}>
              <h3 id={`lane-${lane}`}>{text(`lane.${lane}`)}</h3>
              <LaneEvents
                lane={lane}
                placed={timeline.lanes[lane]}
                untilMs={drawnUntilMs}
                pxPerMs={zoom.pxPerMs}
                selected={selected}
              >
                {lane === 'session' && (
                  <li class="span session-first" style={spanStyle(0, firstSessionMs, zoom.pxPerMs)}>
                    <span class="face">{provider}</span>
                  </li>
                )}
                {(lane === 'caller' || lane === 'model') &&
                  timeline.silences.map(({ fromMs, id, toMs }) => (
                    <li key={id} class="silence" aria-hidden="true" style={spanStyle(fromMs, toMs, zoom.pxPerMs)} />
                  ))}
              </LaneEvents>
            </div>
          ))}
          <div ref={over} class="over" aria-hidden="true">
            {!isOver && <div ref={now} class="now" />}
          </div>
        </div>
      </div>
      <Inspector selected={selected} events={events} />
      <p id="timeline-keys" class="unseen">
        {text('timeline.keyboard')}
      </p>
    </section>
  );
}

/** Where a stretch of time stands on its lane. */
function spanStyle(fromMs: number, toMs: number, pxPerMs: number): Record<string, string> {
  return {
    insetInlineStart: `${(fromMs * pxPerMs).toFixed(1)}px`,
    width: `${Math.max(2, (toMs - fromMs) * pxPerMs).toFixed(1)}px`,
  };
}

function LaneEvents({
  children,
  lane,
  placed,
  pxPerMs,
  selected,
  untilMs,
}: {
  lane: Lane;
  placed: readonly Placed[];
  /** What is later is drawn with the next frames. It has its place already. */
  untilMs: number;
  pxPerMs: number;
  selected: Signal<ConsoleEvent | undefined>;
  /** What stands on the lane besides events. */
  children: ComponentChildren;
}) {
  const places = lane === 'marks' ? placed.map(({ fromMs }) => fromMs * pxPerMs) : [];
  const rows = stacked(places, MARK_PX, MARK_ROWS);
  return (
    <ol
      aria-labelledby={`lane-${lane}`}
      style={{ '--rows': String(Math.max(MIN_MARK_ROWS, ...rows.map((row) => row + 1))) }}
    >
      {children}
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

function Axis({ lengthMs, pxPerMs }: { lengthMs: number; pxPerMs: number }) {
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
      </div>
    </div>
  );
}

function Legend() {
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

/** Says in words what the selected event is. */
function Inspector({
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

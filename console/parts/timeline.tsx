import type { Signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConsoleEvent } from '../../src/console/messages.js';
import type { CallStore } from '../live/call-store.js';
import { onKeys } from '../live/shortcuts.js';
import { useTick } from '../live/ticker.js';
import { LANES, axisMs, timelineOf } from '../live/timeline.js';
import { text } from '../text/text.js';
import { useGradual } from './gradual.js';
import { Axis, Inspector, LaneEvents, Legend, ZoomButtons, rowCount } from './lanes.js';
import { useSelection } from './selection.js';
import { useWheelAndDrag, useZoom } from './timeline-zoom.js';

/** How many more events a frame draws. */
const EVENTS_A_FRAME = 60;
/** The runs of a comparison, from above. */
export const RUNS = ['a', 'b'] as const;

/** Another run of the same call, in the same lanes. */
export interface OtherRun {
  store: CallStore;
  /** When the runs begin to differ. `undefined` if they do not. */
  differsAtMs: number | undefined;
}

/**
 * The call as lanes in time: who spoke when, what the caller heard of what was sent, and where something was replaced under the
 * call. `selected`: the event that the operator looks at. With another run each lane has both, one above the other.
 */
export function TimelineView({
  other,
  selected,
  store,
}: {
  store: CallStore;
  selected: Signal<ConsoleEvent | undefined>;
  other?: OtherRun;
}) {
  const box = useRef<HTMLDivElement>(null);
  const over = useRef<HTMLDivElement>(null);
  const now = useRef<HTMLDivElement>(null);
  const runs = other === undefined ? [store] : [store, other.store];
  const { value: own } = store.events;
  const others = other?.store.events.value;
  const events = useMemo(
    () => (others === undefined ? own : [...own, ...others].sort((a, b) => a.atMs - b.atMs)),
    [own, others],
  );
  const isOver = store.isOver.value;
  const lengthOf = (): number => Math.max(...runs.map((run) => run.lengthMs()));
  const [lengthMs, setLengthMs] = useState(axisMs(lengthOf(), isOver));
  const trackStartPx = (): number => over.current?.offsetLeft ?? 0;
  const zoom = useZoom(box, lengthMs, trackStartPx);
  useWheelAndDrag(box, zoom, trackStartPx);
  useSelection(box, selected, { attribute: 'data-id', idOf: ({ id }) => id });
  const drawn = useGradual(events.length, EVENTS_A_FRAME);
  useTick(() => {
    const length = lengthOf();
    const last = events.at(-1)?.atMs ?? 0;
    setLengthMs(axisMs(Math.max(length, last), isOver));
    if (now.current !== null) now.current.style.transform = `translateX(${(length * zoom.pxPerMs).toFixed(1)}px)`;
  });
  const endOf = (run: CallStore): number => (isOver ? run.lengthMs() : lengthMs);
  const timelines = useMemo(
    () => runs.map((run) => timelineOf(run.events.value, endOf(run))),
    [events, isOver, lengthMs],
  );
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

  return (
    <section class="card timeline" data-testid="timeline" aria-label={text('timeline.title')}>
      <div class="card-head">
        <h2>{text('timeline.title')}</h2>
        <Legend />
        <ZoomButtons zoom={zoom} />
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
          <Axis lengthMs={lengthMs} pxPerMs={zoom.pxPerMs} differsAtMs={other?.differsAtMs} />
          {LANES.map((lane) => (
            <div key={lane} class="lane" data-lane={lane}>
              <h3 id={`lane-${lane}`}>{text(`lane.${lane}`)}</h3>
              <div class="lane-runs">
                {timelines.map((timeline, at) => (
                  <LaneEvents
                    key={at}
                    lane={lane}
                    labelledBy={other === undefined ? `lane-${lane}` : `lane-${lane} run-${RUNS[at]}`}

                    sign={other === undefined ? undefined : text(`diff.run.${RUNS[at] ?? 'a'}`)}
                    timeline={timeline}
                    untilMs={drawnUntilMs}
                    lengthMs={endOf(runs[at] ?? store)}
                    provider={runs[at]?.call.value?.provider ?? ''}
                    rows={Math.max(...timelines.map((each) => rowCount(each, lane, zoom.pxPerMs)))}
                    pxPerMs={zoom.pxPerMs}
                    selected={selected}
                  />
                ))}
              </div>
            </div>
          ))}
          <div ref={over} class="over" aria-hidden="true">
            {!isOver && <div ref={now} class="now" />}
            {other?.differsAtMs !== undefined && (
              <div
                class="differs"
                data-testid="difference-mark"
                data-at-ms={other.differsAtMs}
                style={{ insetInlineStart: `${(other.differsAtMs * zoom.pxPerMs).toFixed(1)}px` }}
              />
            )}
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

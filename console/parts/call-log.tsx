import { useSignal } from '@preact/signals';
import type { Signal } from '@preact/signals';
import type { ConsoleEvent } from '../../src/console/messages.js';
import type { CallStore } from '../live/call-store.js';
import { describe } from '../live/describe.js';
import { moment } from '../live/format.js';
import { text } from '../text/text.js';
import { useFollowEnd } from './follow-end.js';
import { useGradual } from './gradual.js';
import { memo } from './memo.js';
import { useSelection } from './selection.js';

/** How many more entries a frame draws. */
const ENTRIES_A_FRAME = 60;

/** Every event of the call in words: what the timeline shows as a picture. */
export function CallLog({ selected, store }: { store: CallStore; selected: Signal<ConsoleEvent | undefined> }) {
  const isAll = useSignal(true);
  const events = store.events.value.filter((event) => isAll.value || event.kind === 'log');
  const drawn = useGradual(events.length, ENTRIES_A_FRAME);
  const box = useFollowEnd(drawn, !store.isTape);
  useSelection(box, selected, { attribute: 'data-id', idOf: ({ id }) => id });
  return (
    <section class="card" data-testid="call-log" aria-labelledby="call-log">
      <div class="card-head">
        <h2 id="call-log">{text('log.title')}</h2>
        <label class="field inline">
          <span class="unseen">{text('log.show')}</span>
          <select onChange={(event) => (isAll.value = event.currentTarget.value === 'all')}>
            <option value="all">{text('log.all')}</option>
            <option value="lines">{text('log.lines')}</option>
          </select>
        </label>
      </div>
      <div ref={box} class="card-scroll" tabIndex={0} role="group" aria-labelledby="call-log">
        {events.length === 0 ? (
          <p class="note">{text('log.empty')}</p>
        ) : (
          <ol class="log">
            {events.slice(0, drawn).map((event) => (
              <Entry key={event.id} event={event} selected={selected} />
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

const Entry = memo(function Entry({
  event,
  selected,
}: {
  event: ConsoleEvent;
  selected: Signal<ConsoleEvent | undefined>;
}) {
  return (
    <li
      data-testid="log-entry"
      data-id={event.id}
      data-kind={event.kind}
      data-level={event.kind === 'log' ? event.level : undefined}
      onClick={() => (selected.value = event)}
    >
      <time>{moment(event.atMs)}</time>
      <span class="kind">{event.kind === 'log' ? event.level : text(`kind.${event.kind}`)}</span>
      <span>{describe(event)}</span>
    </li>
  );
});

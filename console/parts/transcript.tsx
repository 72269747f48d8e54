import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { ConsoleEvent } from '../../src/console/messages.js';
import { session } from '../live/api.js';
import type { CallStore } from '../live/call-store.js';
import { moment, shortTime } from '../live/format.js';
import { text } from '../text/text.js';
import { useFollowEnd } from './follow-end.js';
import { useGradual } from './gradual.js';
import { memo } from './memo.js';
import { useSelection } from './selection.js';

/** How many more turns a frame draws. */
const TURNS_A_FRAME = 40;

type Turn = ConsoleEvent & { kind: 'turn' };

/** What both sides said. Words that the caller never heard are struck through. */
export function Transcript({
  id = 'transcript',
  selected,
  sign,
  store,
}: {
  store: CallStore;
  selected: Signal<ConsoleEvent | undefined>;
  id?: string;
  /** Tells it from another one on the page. */
  sign?: ComponentChildren;
}) {
  const turns = store.events.value.filter((event): event is Turn => event.kind === 'turn');
  const drawn = useGradual(turns.length, TURNS_A_FRAME);
  const box = useFollowEnd(drawn, !store.isTape);
  const isAllowed = store.isTape || session.value?.transcripts !== false;
  const isForgotten =
    isAllowed &&
    !store.isTape &&
    store.isOver.value &&
    turns.length > 0 &&
    turns.every((turn) => turn.text === undefined);
  useSelection(box, selected, {
    attribute: 'data-item-id',
    idOf: (event) => ('itemId' in event ? event.itemId : undefined),
    onMarked: (turn) => showTurn(box.current, turn),
  });
  return (
    <section class="card" aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>
          {sign}
          {text('transcript.title')}
        </h2>
      </div>
      {!isAllowed || isForgotten ? (
        <p class="note" data-testid="transcript-hidden" data-why={isAllowed ? 'ended' : 'not-allowed'}>
          {text(isAllowed ? 'transcript.forgotten' : 'transcript.hidden')}
        </p>
      ) : (
        <div ref={box} class="card-scroll" role="log" tabIndex={0} aria-labelledby={id}>
          {turns.length === 0 ? (
            <p class="note">{text('transcript.empty')}</p>
          ) : (
            <ol class="turns">
              {turns.slice(0, drawn).map((turn, at) => (
                <TurnView
                  key={turn.id}
                  turn={turn}
                  isFirst={turns[at - 1]?.speaker !== turn.speaker}
                  selected={selected}
                />
              ))}
            </ol>
          )}
        </div>
      )}
    </section>
  );
}

const TurnView = memo(function TurnView({
  isFirst,
  selected,
  turn,
}: {
  turn: Turn;
  isFirst: boolean;
  selected: Signal<ConsoleEvent | undefined>;
}) {
  const { interrupted, itemId, speaker, unheard = '' } = turn;
  const { latency } = turn;
  const latencyMs = latency && latency.sentMs - latency.speechStoppedMs;
  return (
    <li
      data-testid="turn"
      data-speaker={speaker}
      data-interrupted={interrupted}
      data-item-id={itemId}
      data-first={isFirst}
      onClick={() => (selected.value = turn)}
    >
      <span class={isFirst ? 'speaker' : 'unseen'}>
        {text(`speaker.${speaker}`)} <time>{moment(turn.atMs)}</time>
        {latencyMs !== undefined && (
          <span class="turn-latency" data-testid="turn-latency" data-ms={latencyMs}>
            {' · '}
            {text('phone.latency', { time: shortTime(latencyMs) })}
          </span>
        )}
      </span>
      <p>
        {turn.text}
        {unheard !== '' && (
          <>
            <span class="unseen"> {text('transcript.unheard')} </span>
            <del>{unheard}</del>
          </>
        )}
      </p>
    </li>
  );
});

/** Scrolls the transcript to a turn that was selected on the timeline. */
function showTurn(box: HTMLElement | null, turn: HTMLElement): void {
  if (box === null) return;
  const [from, to] = [box.scrollTop, box.scrollTop + box.clientHeight];
  if (turn.offsetTop < from || turn.offsetTop + turn.offsetHeight > to)
    box.scrollTop = turn.offsetTop - box.clientHeight / 3;
}

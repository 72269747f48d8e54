import type { Signal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ConsoleEvent } from '../../src/console/messages.js';
import { session } from '../live/api.js';
import type { CallStore } from '../live/call-store.js';
import { moment, shortTime } from '../live/format.js';
import { text } from '../text/text.js';
import { useFollowEnd } from './follow-end.js';

type Turn = ConsoleEvent & { kind: 'turn' };

/** What both sides said. Words that the caller never heard are struck through. */
export function Transcript({ selected, store }: { store: CallStore; selected: Signal<ConsoleEvent | undefined> }) {
  const turns = store.events.value.filter((event): event is Turn => event.kind === 'turn');
  const box = useFollowEnd(turns.length);
  const isAllowed = session.value?.transcripts !== false;
  const isForgotten =
    isAllowed && store.isOver.value && turns.length > 0 && turns.every((turn) => turn.text === undefined);
  useSelectedTurn(box, selected.value);
  return (
    <section class="card" aria-labelledby="transcript">
      <div class="card-head">
        <h2 id="transcript">{text('transcript.title')}</h2>
      </div>
      {!isAllowed || isForgotten ? (
        <p class="note" data-testid="transcript-hidden" data-why={isAllowed ? 'ended' : 'not-allowed'}>
          {text(isAllowed ? 'transcript.forgotten' : 'transcript.hidden')}
        </p>
      ) : (
        <div ref={box} class="card-scroll" role="log" tabIndex={0} aria-labelledby="transcript">
          {turns.length === 0 ? (
            <p class="note">{text('transcript.empty')}</p>
          ) : (
            <ol class="turns">
              {turns.map((turn, at) => (
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

function TurnView({
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
  const isSelected = selected.value !== undefined && 'itemId' in selected.value && selected.value.itemId === itemId;
  return (
    <li
      data-testid="turn"
      data-speaker={speaker}
      data-interrupted={interrupted}
      data-item-id={itemId}
      data-selected={isSelected}
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
}

/** Scrolls the transcript to the turn that was selected on the timeline. */
function useSelectedTurn(box: { current: HTMLElement | null }, event: ConsoleEvent | undefined): void {
  const last = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    if (event === undefined || event.id === last.current || !('itemId' in event)) return;
    last.current = event.id;
    const turn = box.current?.querySelector<HTMLElement>('[data-selected="true"]');
    if (turn == null || box.current === null) return;
    const [from, to] = [box.current.scrollTop, box.current.scrollTop + box.current.clientHeight];
    if (turn.offsetTop < from || turn.offsetTop + turn.offsetHeight > to)
      box.current.scrollTop = turn.offsetTop - box.current.clientHeight / 3;
  });
}

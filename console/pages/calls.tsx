import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import '../style.css';
import { announce } from '../live/announcer.js';
import { firstSession, read, session } from '../live/api.js';
import { CallsStore } from '../live/calls-store.js';
import { CallsView } from '../live/calls-view.js';
import { connection, isDraining, receiveEvents } from '../live/events-socket.js';
import { Figures } from '../live/figures.js';
import { count, shortSid } from '../live/format.js';
import { gatewayNow, noteGatewayTime } from '../live/gateway-clock.js';
import { AMBER_MS, RED_MS } from '../live/quiet.js';
import { takeOpened } from '../live/opened.js';
import { TapeDesk } from '../live/tape-desk.js';
import { useTick } from '../live/ticker.js';
import type { CallLists, CallRow } from '../../src/console/messages.js';
import { ActionButton } from '../parts/action-button.js';
import { CallsTable } from '../parts/calls-table.js';
import { CallsToolbar } from '../parts/calls-toolbar.js';
import { draw } from '../parts/draw.js';
import { EndedCalls } from '../parts/ended-calls.js';
import { Frame } from '../parts/frame.js';
import { TapeDrop } from '../parts/tape-drop.js';
import { FiguresTable, Totals } from '../parts/totals.js';
import { TapePage } from '../parts/tape-page.js';
import { named, plural, text } from '../text/text.js';

/** How many ended calls the gateway keeps. */
const MAX_RECENT = 50;
/** Delay before the ended calls are read anew. They are read once for many that end at a time. */
const RECENT_DELAY_MS = 1500;

const store = new CallsStore();
const view = new CallsView(store);
const figures = new Figures();
const desk = new TapeDesk();
const recent = signal<readonly CallRow[]>([]);

async function readLists(): Promise<void> {
  const { body } = await read<CallLists & { now: number }>('calls');
  isRead.value = true;
  if (body === undefined) return;
  noteGatewayTime(body.now);
  recent.value = body.recent;
  if (!isPastNoted) figures.notePast(body.now, body.calls, body.recent, MAX_RECENT);
  isPastNoted = true;
}
let isPastNoted = false;
/** Whether the ended calls are known, so that the page has everything that it shows at first. */
const isRead = signal(false);

let recentTimer: ReturnType<typeof setTimeout> | undefined;
store.onGone = () => {
  recentTimer ??= setTimeout(() => {
    recentTimer = undefined;
    void readLists();
  }, RECENT_DELAY_MS);
};
store.onTurn = (ms) => figures.noteTurn(gatewayNow(), ms);
store.onEscalated = ({ callSid, escalation }) => {
  figures.noteEscalation(gatewayNow());
  announce(text('say.escalated', { call: shortSid(callSid), reason: named('reason', escalation?.reason ?? '') }));
};

function start(): void {
  void firstSession();
  void readLists();
  let isFirst = true;
  receiveEvents(undefined, (messages) => {
    store.apply(messages);
    figures.noteCalls(gatewayNow(), store.calls.size);
    if (!isFirst || store.version.value === 0) return;
    isFirst = false;
    announce(plural('say.calls', store.calls.size, count(store.calls.size)));
    // Back from a call by keyboard, the keyboard is where it was.
    const opened = takeOpened();
    if (opened !== undefined) requestAnimationFrame(() => view.focusRow?.(opened));
  });
}

/** The list, or a tape that was opened here. */
function Page() {
  useEffect(start, []);
  if (desk.runs.value.length > 0)
    return (
      <Frame current="calls" isOfGateway={false}>
        <TapePage desk={desk} />
      </Frame>
    );
  return <CallsPage />;
}

function CallsPage() {
  useAlarms();
  const calls = view.liveCount.value;
  return (
    <Frame
      current="calls"
      actions={
        <ActionButton
          name="drain"
          testId="action-drain"
          path="drain"
          fields={() => ({ confirm: 'drain' })}
          danger
          disabled={isDraining.value}
        />
      }
    >
      <main
        id="content"
        data-testid="page-calls"
        data-view={view.isWall.value ? 'wall' : 'list'}
        data-ready={isRead.value && connection.value !== 'connecting'}
      >
        <h1>{text('calls.title')}</h1>
        <TapeDrop desk={desk} />
        <Totals figures={figures} store={store} />
        <CallsToolbar view={view} desk={desk} />
        <p class="held" data-held={view.isHeld.value && calls > 1}>
          {text('held')}
        </p>
        <CallsTable view={view} />
        {view.shown.value.length === 0 && <Empty calls={calls} />}
        <EndedCalls calls={recent.value} query={view.query.value} />
        <FiguresTable figures={figures} store={store} />
      </main>
    </Frame>
  );
}

/** Says why the list is empty. */
function Empty({ calls }: { calls: number }) {
  if (connection.value === 'connecting')
    return (
      <div class="empty">
        <p>{text('empty.connecting')}</p>
      </div>
    );
  if (calls > 0)
    return (
      <div class="empty">
        <p>{text('empty.filter')}</p>
        <button type="button" onClick={() => (view.query.value = '')}>
          {text('filter.clear')}
        </button>
      </div>
    );
  return (
    <div class="empty" data-testid="calls-empty">
      <p class="empty-title">{text('empty.title')}</p>
      <p>{text('empty.text')}</p>
      {session.value?.transcripts === true && (
        <p>
          {text('empty.simulated')} <code>npm run call -- --gateway {location.origin} --say "Hello"</code>
        </p>
      )}
      <p>{text('empty.tape')}</p>
    </div>
  );
}

/** Says aloud which callers have heard nothing for eight seconds, and writes their number into the window's title. */
function useAlarms(): void {
  useTick(() => {
    let quiet = 0;
    for (const call of store.calls.values()) {
      const { call: row, quietSinceMs } = call.peek();
      const quietMs = quietSinceMs === undefined ? 0 : gatewayNow() - quietSinceMs;
      if (quietMs >= AMBER_MS) quiet++;
      if (quietMs < RED_MS) told.delete(row.callSid);
      else if (!told.has(row.callSid)) {
        told.add(row.callSid);
        announce(text('say.quiet', { call: shortSid(row.callSid), seconds: Math.round(quietMs / 1000) }));
      }
    }
    const key = quiet > 0 ? 'calls.title.quiet' : 'calls.title.count';
    const title = text(key, { count: count(quiet > 0 ? quiet : store.calls.size) });
    if (document.title !== title) document.title = title;
  });
}
/** The calls whose silence has been told. */
const told = new Set<string>();

draw(<Page />);

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ConsoleEvent } from '../../src/console/messages.js';
import '../style.css';
import { firstSession } from '../live/api.js';
import { CallStore } from '../live/call-store.js';
import { connection, receiveEvents } from '../live/events-socket.js';
import { shortSid } from '../live/format.js';
import { noteOpened } from '../live/opened.js';
import { onKeys } from '../live/shortcuts.js';
import { CallHead } from '../parts/call-head.js';
import { CallParts } from '../parts/call-parts.js';
import { draw } from '../parts/draw.js';
import { Frame } from '../parts/frame.js';
import { named, text } from '../text/text.js';

const store = new CallStore(location.pathname.split('/').at(-1) ?? '');
/** The event that the operator looks at, in whatever part of the page. */
const selected = signal<ConsoleEvent | undefined>(undefined);

function start(): () => void {
  void firstSession();
  receiveEvents(store.callSid, (messages) => store.apply(messages));
  return onKeys({
    Escape: () => {
      if (selected.value !== undefined) {
        selected.value = undefined;
        return;
      }
      noteOpened(store.callSid);
      location.assign('/console');
    },
  });
}

function CallPage() {
  useEffect(start, []);
  const isCut = connection.value === 'reconnecting';
  useEffect(() => {
    // Without live events the page shows what has happened so far.
    if (isCut && !store.isReady.peek()) void store.load();
  }, [isCut]);
  const call = store.call.value;
  const title = `${shortSid(store.callSid)}${call === undefined ? '' : ` ${store.isForgotten.value ? text('state.unknown') : named('state', call.state)}`} · ${text('product')}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <Frame>
      <main
        id="content"
        data-testid="call-detail"
        data-call-sid={store.callSid}
        data-state={call?.state}
        data-ready={store.isReady.value || store.isUnknown.value}
      >
        <CallHead store={store} />
        {store.isUnknown.value && <Unknown />}
        {store.isReady.value && <CallParts store={store} selected={selected} />}
      </main>
    </Frame>
  );
}

function Unknown() {
  return (
    <div class="empty" data-testid="call-unknown">
      <p class="empty-title">{text('call.unknown.title')}</p>
      <p>{text('call.unknown.text')}</p>
      <a class="button" href="/console">
        {text('call.back')}
      </a>
    </div>
  );
}

draw(<CallPage />);

import type { Signal } from '@preact/signals';
import type { ConsoleEvent } from '../../src/console/messages.js';
import type { CallStore } from '../live/call-store.js';
import { CallLog } from './call-log.js';
import { Journey } from './journey.js';
import { TimelineView } from './timeline.js';
import { Transcript } from './transcript.js';
import { Waterfall } from './waterfall.js';
import { WhatIf } from './what-if.js';

/** What happened on a call, live or from a tape: its timeline, its words, its handover, its latencies and its log. */
export function CallParts({ selected, store }: { store: CallStore; selected: Signal<ConsoleEvent | undefined> }) {
  return (
    <>
      <TimelineView store={store} selected={selected} />
      <div class="call-parts">
        <Transcript store={store} selected={selected} />
        <div>
          {!store.isTape && <WhatIf store={store} />}
          <Journey store={store} />
          <Waterfall store={store} selected={selected} />
          <CallLog store={store} selected={selected} />
        </div>
      </div>
    </>
  );
}

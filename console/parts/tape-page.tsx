import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ConsoleEvent } from '../../src/console/messages.js';
import { count, day, duration, moment, shortSid } from '../live/format.js';
import { onKeys } from '../live/shortcuts.js';
import type { TapeDesk } from '../live/tape-desk.js';
import type { Run } from '../live/tape-file.js';
import { named, text } from '../text/text.js';
import { CallParts } from './call-parts.js';
import { Fact } from './fact.js';
import { MakeTest } from './make-test.js';
import { BackToList, versionOf } from './tape-parts.js';
import { TapeButton, TapeDrop } from './tape-drop.js';
import { TapeDiff } from './tape-diff.js';

/** The event that the visitor looks at, in whatever part of the page. */
const selected = signal<ConsoleEvent | undefined>(undefined);

/** A tape like an opened call, or two runs beside each other. */
export function TapePage({ desk }: { desk: TapeDesk }) {
  const [first, second] = desk.runs.value;
  useEffect(() => {
    // Two runs choose the event where they begin to differ.
    if (second === undefined) selected.value = undefined;
    scrollTo(0, 0);
  }, [first, second]);
  useEffect(
    () =>
      onKeys({
        Escape: () => {
          if (selected.value === undefined) desk.back();
          else selected.value = undefined;
        },
      }),
    [],
  );
  const title = `${text('tape.title', { call: shortSid(first?.store.callSid ?? '') })} · ${text('product')}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  if (first === undefined) return null;
  return (
    <main
      id="content"
      data-testid="call-detail"
      data-source="tape"
      data-runs={desk.runs.value.length}
      data-call-sid={first.store.callSid}
      data-state={first.store.call.value?.state}
      data-ready="true"
    >
      <TapeDrop desk={desk} />
      {second === undefined ? (
        <OneTape key={first.name} run={first} desk={desk} />
      ) : (
        <TapeDiff first={first} second={second} desk={desk} selected={selected} />
      )}
    </main>
  );
}

function OneTape({ desk, run }: { run: Run; desk: TapeDesk }) {
  return (
    <>
      <TapeHead run={run} desk={desk} />
      <CallParts store={run.store} selected={selected} />
    </>
  );
}

function TapeHead({ desk, run }: { run: Run; desk: TapeDesk }) {
  const { hasNotes, isWhole, name, store, tape } = run;
  const { head } = tape;
  const call = store.call.value;
  return (
    <header class="call-head">
      <div class="call-title">
        <BackToList desk={desk} />
        <h1 title={store.callSid}>
          {text('tape.title', { call: '' })} <span class="sid">{shortSid(store.callSid)}</span>
        </h1>
        {call !== undefined && (
          <span class="state big" data-testid="call-state" data-state={call.state}>
            {named('state', call.state)}
          </span>
        )}
        <span class="call-length" data-testid="call-duration">
          {duration(store.lengthMs())}
        </span>
        <div class="call-actions">
          <TapeButton desk={desk} label={text('tape.compare')} />
          {isWhole && <MakeTest source={{ run }} />}
        </div>
      </div>
      <dl class="facts">
        <Fact name={text('tape.file')}>{name}</Fact>
        <Fact name={text('tape.recorded')}>{day(head.settings.startedAtMs)}</Fact>
        <Fact name={text('tape.version')}>{versionOf(run)}</Fact>
        <Fact name={text('tape.words')}>
          <span data-testid="tape-words" data-scrubbed={head.scrubbed === true}>
            {text(head.scrubbed === true ? 'tape.words.scrubbed' : 'tape.words.raw')}
          </span>
        </Fact>
        {call !== undefined && (
          <>
            <Fact name={text('call.from')}>{call.from}</Fact>
            <Fact name={text('call.to')}>{call.to}</Fact>
            <Fact name={text('call.provider')}>{call.provider}</Fact>
            <Fact name={text('call.turns')}>{count(call.turns)}</Fact>
            <Fact name={text('call.bargeIns')}>{count(call.bargeIns)}</Fact>
            {call.escalation !== null && (
              <Fact name={text('call.escalation')}>
                {named('reason', call.escalation.reason)} ({named('trigger', call.escalation.trigger)})
              </Fact>
            )}
            {call.outcome !== undefined && <Fact name={text('call.outcome')}>{named('outcome', call.outcome)}</Fact>}
          </>
        )}
      </dl>
      {!isWhole && (
        <p class="tape-note" data-testid="tape-broken-off">
          {text('tape.brokenOff', { time: moment(tape.end.t) })}
        </p>
      )}
      {!hasNotes && <p class="tape-note soft">{text('tape.noNotes')}</p>}
      <p class="soft" data-testid="tape-local">
        {text('tape.local')}
      </p>
    </header>
  );
}

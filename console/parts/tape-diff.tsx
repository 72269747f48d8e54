import type { Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { ConsoleEvent } from '../../src/console/messages.js';
import { type Difference, differences } from '../../src/tape/compare.js';
import type { Json } from '../../src/tape/format.js';
import { duration, moment, shortSid } from '../live/format.js';
import type { TapeDesk } from '../live/tape-desk.js';
import type { Run } from '../live/tape-file.js';
import { text } from '../text/text.js';
import { TapeButton } from './tape-drop.js';
import { BackToList, versionOf } from './tape-parts.js';
import { RUNS, TimelineView } from './timeline.js';
import { Transcript } from './transcript.js';

type RunSign = (typeof RUNS)[number];

/** Two runs in the same lanes, with the first difference between them. */
export function TapeDiff({
  desk,
  first,
  second,
  selected,
}: {
  first: Run;
  second: Run;
  desk: TapeDesk;
  selected: Signal<ConsoleEvent | undefined>;
}) {
  const found = useMemo(() => differences(first.tape, second.tape), [first, second]);
  useEffect(() => {
    selected.value = eventAt(first, found[0]);
  }, [found]);
  return (
    <>
      <header class="call-head">
        <div class="call-title">
          <BackToList desk={desk} />
          <h1 title={first.store.callSid}>
            {text('diff.title', { call: '' })} <span class="sid">{shortSid(first.store.callSid)}</span>
          </h1>
          <div class="call-actions">
            <button type="button" data-testid="diff-swap" onClick={() => desk.swap()}>
              {text('diff.swap')}
            </button>
            <TapeButton desk={desk} label={text('diff.another')} />
            <button type="button" data-testid="diff-close" onClick={() => desk.closeSecond()}>
              {text('diff.close')}
            </button>
          </div>
        </div>
        <ul class="runs">
          {[first, second].map((run, at) => (
            <li key={RUNS[at]}>
              <Sign run={RUNS[at] ?? 'a'} />
              <b>{run.name}</b>
              <span class="soft">
                {versionOf(run)}, {duration(run.store.lengthMs())}
              </span>
            </li>
          ))}
        </ul>
        {first.store.callSid !== second.store.callSid && <p class="tape-note">{text('diff.otherCall')}</p>}
      </header>
      <Result found={found} />
      <TimelineView
        key={`${first.name}${second.name}${first.store.events.value[0]?.id}`}
        store={first.store}
        other={{ store: second.store, differsAtMs: found[0]?.atMs }}
        selected={selected}
      />
      <div class="call-parts">
        {[first, second].map((run, at) => (
          <Transcript
            key={RUNS[at]}
            id={`transcript-${RUNS[at]}`}
            sign={<Sign run={RUNS[at] ?? 'a'} isNamed={false} />}
            store={run.store}
            selected={selected}
          />
        ))}
      </div>
    </>
  );
}

/** Returns what the first run has where the runs begin to differ: the turn that differs, or what comes next. */
function eventAt(run: Run, difference: Difference | undefined): ConsoleEvent | undefined {
  if (difference === undefined) return undefined;
  const events = run.store.events.value;
  const { itemId } = (difference.expected ?? {}) as { itemId?: Json };
  return (
    events.find((event) => event.kind === 'turn' && event.itemId === itemId) ??
    events.find(({ atMs }) => atMs >= Math.floor(difference.atMs))
  );
}

/** Names a run in the lanes and beside them. Where it is named, lists refer to it. */
function Sign({ isNamed = true, run }: { run: RunSign; isNamed?: boolean }) {
  return (
    <span class="run-sign" data-run={run} {...(isNamed ? { id: `run-${run}` } : {})}>
      {text(`diff.run.${run}`)}
    </span>
  );
}

function Result({ found: [first, ...others] }: { found: readonly Difference[] }) {
  if (first === undefined)
    return (
      <section class="card result" data-testid="tape-diff" data-equal="true" aria-labelledby="result">
        <h2 id="result">{text('diff.equal')}</h2>
        <p class="soft">{text('diff.equal.text')}</p>
      </section>
    );
  const { atMs, channel, expected, got, kind } = first;
  return (
    <section class="card result" data-testid="tape-diff" data-equal="false" aria-labelledby="result">
      <h2 id="result" data-testid="first-difference" data-kind={kind} data-at-ms={atMs}>
        {text('diff.first', { time: moment(atMs), what: text(`diff.kind.${kind}`) })}
        {channel !== kind && <span class="soft"> {channel}</span>}
      </h2>
      <div class="result-sides">
        <Side run="a" value={expected} />
        <Side run="b" value={got} />
      </div>
      {others.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-label={text('diff.others')}>
          <table class="plain">
            <caption>{text('diff.others')}</caption>
            <thead>
              <tr>
                <th scope="col">{text('diff.at')}</th>
                <th scope="col">{text('diff.what')}</th>
                <th scope="col">{text('diff.where')}</th>
              </tr>
            </thead>
            <tbody>
              {others.map((each) => (
                <tr key={each.channel} data-testid="difference" data-kind={each.kind} data-at-ms={each.atMs}>
                  <td>{moment(each.atMs)}</td>
                  <td>{text(`diff.kind.${each.kind}`)}</td>
                  <td>{each.channel}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Side({ run, value }: { run: RunSign; value: Json }) {
  return (
    <div class="result-side">
      <Sign run={run} isNamed={false} />
      {value === null ? (
        <p class="soft">{text('diff.nothing')}</p>
      ) : (
        <pre tabIndex={0} role="group" aria-label={text(`diff.run.${run}`)}>
          {JSON.stringify(value, null, 1)}
        </pre>
      )}
    </div>
  );
}

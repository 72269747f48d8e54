import type { Fault } from '../../src/console/messages.js';
import { session } from '../live/api.js';
import type { CallStore } from '../live/call-store.js';
import { describe } from '../live/describe.js';
import { moment, shortSid } from '../live/format.js';
import { type Consequence, consequencesOf, isFollowed } from '../live/what-if.js';
import { text } from '../text/text.js';
import { ActionButton } from './action-button.js';

/** States in which each can still be asked for; see sim/faults/faults.ts. */
const WITH_STREAM: ReadonlySet<string> = new Set(['talking', 'leaving']);
const BEFORE_DIAL: ReadonlySet<string> = new Set(['ringing', 'talking', 'leaving', 'redirecting', 'parted']);
const POSSIBLE: Partial<Record<Fault, ReadonlySet<string>>> = {
  'model-reset': WITH_STREAM,
  'model-stall': WITH_STREAM,
  'stream-drop': WITH_STREAM,
  'store-throttle': BEFORE_DIAL,
  'connect-busy': BEFORE_DIAL,
};

/** What would happen if: buttons that break what a simulated call stands on, and what came of it. */
export function WhatIf({ store }: { store: CallStore }) {
  const call = store.call.value;
  const faults = session.value?.faults ?? [];
  const consequences = consequencesOf(store.events.value);
  const canBreak = !store.isOver.value && !store.isForgotten.value;
  if (call === undefined || faults.length === 0) return null;
  if (store.isOver.value && consequences.length === 0) return null;
  return (
    <section class="card" data-testid="faults" aria-labelledby="faults">
      <div class="card-head stacked">
        <h2 id="faults">{text('faults.title')}</h2>
        <p class="soft">{text('faults.hint')}</p>
      </div>
      {canBreak && (
        <div class="faults">
          {faults.map((fault) => (
            <ActionButton
              key={fault}
              name={`fault.${fault}`}
              testId={`fault-${fault}`}
              path={`calls/${call.callSid}/actions/fault`}
              fields={() => ({ fault })}
              values={{ call: shortSid(call.callSid), instance: call.instance }}
              disabled={POSSIBLE[fault]?.has(call.state) === false}
            />
          ))}
        </div>
      )}
      {consequences.length > 0 && (
        <ol class="fault-outcomes" aria-label={text('faults.outcomes')}>
          {consequences.map((consequence) => (
            <Outcome key={consequence.asked.id} consequence={consequence} isOver={store.isOver.value} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Outcome({
  consequence: { asked, event, fault, silenceMs, takenBy },
  isOver,
}: {
  consequence: Consequence;
  isOver: boolean;
}) {
  const open = !isFollowed(fault) ? 'faults.silent' : isOver ? 'faults.nothing' : 'faults.pending';
  return (
    <li
      data-testid="fault-outcome"
      data-fault={fault}
      data-followed={event?.kind}
      data-silence-ms={silenceMs}
      data-taken-by={takenBy}
    >
      <time>{moment(asked.atMs)}</time>
      <span class="fault-name">{text(`fault.${fault}.name`)}</span>
      <span>{event === undefined ? text(open) : describe(event)}</span>
    </li>
  );
}

import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { session } from '../live/api.js';
import type { CallStore } from '../live/call-store.js';
import { announce } from '../live/announcer.js';
import { count, duration, seconds, shortSid, timeOfDay } from '../live/format.js';
import { gatewayNow } from '../live/gateway-clock.js';
import { quietLevel } from '../live/quiet.js';
import { useTick, writeText } from '../live/ticker.js';
import { named, text } from '../text/text.js';
import { ActionButton } from './action-button.js';
import { Fact } from './fact.js';
import { Icon } from './icon.js';
import { MakeTest } from './make-test.js';

/** States in which the gateway can still act on a call; see src/call/call.ts. */
const CAN_ESCALATE: ReadonlySet<string> = new Set(['talking']);
const CAN_HANG_UP: ReadonlySet<string> = new Set(['ringing', 'talking', 'leaving', 'parted']);
/** Reasons that an operator may give. Any other becomes `other`. */
const REASONS = [
  'requested_human',
  'not_understood',
  'assistant_failed',
  'complaint',
  'billing',
  'order',
  'returns',
  'technical',
  'account',
  'sales',
  'other',
] as const;

/** Which call it is, how it stands, and what the operator can do to it. */
export function CallHead({ store }: { store: CallStore }) {
  const call = store.call.value;
  const isForgotten = store.isForgotten.value;
  const short = shortSid(store.callSid);
  const { tapes = false, transcripts = false } = session.value ?? {};
  const hasTape = call?.tape === true && tapes && transcripts;
  return (
    <header class="call-head">
      <div class="call-title">
        <a class="back" href="/console">
          ← {text('call.back')}
        </a>
        <h1 title={store.callSid}>
          {text('call.title', { call: '' })}
          <span class="sid">{short}</span>
        </h1>
        <CopySid callSid={store.callSid} />
        {call !== undefined && (
          <>
            <span class="state big" data-testid="call-state" data-state={isForgotten ? 'unknown' : call.state}>
              {isForgotten ? text('state.unknown') : named('state', call.state)}
            </span>
            <Duration store={store} />
            <Quiet store={store} />
          </>
        )}
        {call !== undefined && (
          <div class="call-actions">
            {hasTape && (
              <>
                <a class="button" data-testid="tape-download" href={`/console/api/calls/${call.callSid}/tape`} download>
                  {text('call.tape')} ↓
                </a>
                <MakeTest source={{ call }} />
              </>
            )}
            <Escalate callSid={call.callSid} disabled={isForgotten || !CAN_ESCALATE.has(call.state)} />
            <ActionButton
              name="hangup"
              testId="action-hangup"
              path={`calls/${call.callSid}/actions/hangup`}
              values={{ call: short }}
              disabled={isForgotten || !CAN_HANG_UP.has(call.state)}
              danger
            />
          </div>
        )}
      </div>
      <div role="alert">
        {isForgotten && (
          <p class="problem" data-testid="call-forgotten">
            {text('call.forgotten')}
          </p>
        )}
      </div>
      {call !== undefined && (
        <dl class="facts">
          <Fact name={text('call.direction')}>{named('direction', call.direction)}</Fact>
          <Fact name={text('call.from')}>{call.from}</Fact>
          <Fact name={text('call.to')}>{call.to}</Fact>
          <Fact name={text('call.provider')}>{call.provider}</Fact>
          <Fact name={text('call.instance')}>{call.instance}</Fact>
          <Fact name={text('call.started')}>{timeOfDay(call.startedAt)}</Fact>
          <Fact name={text('call.turns')}>{count(call.turns)}</Fact>
          <Fact name={text('call.bargeIns')}>{count(call.bargeIns)}</Fact>
          {call.escalation !== null && (
            <Fact name={text('call.escalation')}>
              {named('reason', call.escalation.reason)} ({named('trigger', call.escalation.trigger)})
            </Fact>
          )}
          {call.tape && tapes && !transcripts && <Fact name={text('call.tape')}>{text('call.tape.withheld')}</Fact>}
          {call.outcome !== undefined && <Fact name={text('call.outcome')}>{named('outcome', call.outcome)}</Fact>}
        </dl>
      )}
    </header>
  );
}

function CopySid({ callSid }: { callSid: string }) {
  const isCopied = useSignal(false);
  // The clipboard exists only in a secure context.
  if (!isSecureContext) return <span class="sid soft">{callSid}</span>;
  const copy = (): void => {
    void navigator.clipboard.writeText(callSid).then(() => {
      isCopied.value = true;
      announce(text('call.copied'));
      setTimeout(() => (isCopied.value = false), 2000);
    });
  };
  return (
    <button type="button" class="quiet copy" aria-label={text('call.copy')} title={text('call.copy')} onClick={copy}>
      <Icon name={isCopied.value ? 'check' : 'copy'} />
    </button>
  );
}

function Duration({ store }: { store: CallStore }) {
  const element = useRef<HTMLSpanElement>(null);
  useTick(() => writeText(element.current, duration(store.lengthMs())));
  return <span ref={element} class="call-length" data-testid="call-duration" role="timer" aria-live="off" />;
}

function Quiet({ store }: { store: CallStore }) {
  const element = useRef<HTMLSpanElement>(null);
  const sinceMs = store.quietSinceMs.value;
  useTick(() => {
    const { current } = element;
    if (current === null) return;
    const quietMs = sinceMs === undefined ? undefined : Math.max(0, gatewayNow() - sinceMs);
    writeText(current, quietMs === undefined ? '' : `${text('call.quiet')} ${seconds(quietMs)}`);
    current.dataset['level'] = quietLevel(quietMs);
  });
  return <span ref={element} class="quiet-for badge" data-testid="call-quiet" />;
}

function Escalate({ callSid, disabled }: { callSid: string; disabled: boolean }) {
  const reason = useSignal('other');
  return (
    <ActionButton
      name="escalate"
      testId="action-escalate"
      path={`calls/${callSid}/actions/escalate`}
      fields={() => ({ reason: reason.value })}
      values={{ call: shortSid(callSid) }}
      disabled={disabled}
      extra={
        <label class="field">
          <span>{text('escalate.reason')}</span>
          <select
            data-testid="escalate-reason"
            value={reason.value}
            onChange={(event) => (reason.value = event.currentTarget.value)}
          >
            {REASONS.map((name) => (
              <option key={name} value={name} selected={name === reason.value}>
                {named('reason', name)}
              </option>
            ))}
          </select>
        </label>
      }
    />
  );
}

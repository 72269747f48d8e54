import type { CallStore } from '../live/call-store.js';
import { describe } from '../live/describe.js';
import { moment, shortTime } from '../live/format.js';
import { type Step, journeyOf } from '../live/journey.js';
import { named, text } from '../text/text.js';
import { Icon } from './icon.js';

/** The way of the call to an agent, each step with its time. The token is nowhere in it. */
export function Journey({ store }: { store: CallStore }) {
  const steps = journeyOf(store.events.value);
  if (steps.length === 0) return null;
  return (
    <section class="card" data-testid="journey" aria-labelledby="journey">
      <div class="card-head">
        <h2 id="journey">{text('journey.title')}</h2>
        <p class="soft">{store.call.value?.handoverId}</p>
      </div>
      <ol class="journey">
        {steps.map((step, at) => (
          <StepView key={`${step.name}${step.event?.id ?? ''}`} step={step} before={steps[at - 1]} />
        ))}
      </ol>
      {steps.some(({ status }) => status === 'failed') && <p class="note">{text('journey.failed')}</p>}
    </section>
  );
}

const STATUS = { done: 'journey.done', failed: 'journey.broken', open: 'journey.open' } as const;

function StepView({ before, step: { event, name, status } }: { step: Step; before: Step | undefined }) {
  const sinceMs = event === undefined || before?.event === undefined ? undefined : event.atMs - before.event.atMs;
  return (
    <li data-testid="journey-step" data-step={name} data-status={status}>
      <span class="step-sign" aria-hidden="true">
        {status === 'open' ? null : <Icon name={status === 'failed' ? 'cross' : 'check'} />}
      </span>
      <span class="step-name">
        {nameOf(name, event)}
        <span class="unseen">, {text(STATUS[status])}</span>
      </span>
      <span class="step-time">
        {event === undefined ? '' : moment(event.atMs)}
        {sinceMs !== undefined && sinceMs >= 0 && <small>+{shortTime(sinceMs)}</small>}
      </span>
    </li>
  );
}

function nameOf(name: Step['name'], event: Step['event']): string {
  if (name === 'other') return event === undefined ? '' : describe(event);
  if (name === 'digits' && event?.kind === 'handover' && event.digits !== undefined)
    return text('journey.digits.count', { count: event.digits });
  if (name === 'end' && event?.kind === 'dial') return `${text('journey.end')}: ${named('dial', event.outcome)}`;
  if (name === 'record' && event?.kind === 'handover' && event.step === 'no-record') return describe(event);
  return text(`journey.${name}`);
}

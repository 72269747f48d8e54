import { session } from '../live/api.js';
import type { CallStore } from '../live/call-store.js';
import { describe } from '../live/describe.js';
import { moment, shortTime } from '../live/format.js';
import { type Step, journeyOf } from '../live/journey.js';
import { failurePath, failureTexts } from '../text/failures.js';
import { named, plural, text } from '../text/text.js';
import { Icon } from './icon.js';

/** The way of the call to an agent, each step with its time. The token is nowhere in it. */
export function Journey({ store }: { store: CallStore }) {
  const seesContact = session.value?.phone === true;
  const steps = journeyOf(store.events.value, { isOver: store.isOver.value, seesContact });
  if (steps.length === 0) return null;
  const isUnknown = steps.some(({ status }) => status === 'unknown');
  return (
    <section class="card" data-testid="journey" aria-labelledby="journey">
      <div class="card-head">
        <h2 id="journey">{text('journey.title')}</h2>
        <p class="soft">{store.call.value?.handoverId}</p>
      </div>
      <ol class="journey">
        {steps.map((step, at) => (
          <StepView
            key={step.name}
            step={step}
            before={steps.slice(0, at).findLast(({ event }) => event !== undefined)}
          />
        ))}
      </ol>
      {isUnknown && <p class="note">{text('journey.unknown.why')}</p>}
    </section>
  );
}

const STATUS = {
  done: 'journey.done',
  failed: 'journey.broken',
  open: 'journey.open',
  missed: 'journey.missed',
  unknown: 'journey.unknown',
} as const;
const SIGN = { done: 'check', failed: 'cross', open: undefined, missed: undefined, unknown: undefined } as const;

function StepView({ before, step }: { step: Step; before: Step | undefined }) {
  const { event, failure, name, status } = step;
  const sinceMs = event === undefined || before?.event === undefined ? undefined : event.atMs - before.event.atMs;
  const sign = SIGN[status];
  const isSaid = status === 'missed' || status === 'unknown';
  return (
    <li data-testid="journey-step" data-step={name} data-status={status} data-failure={failure}>
      <span class="step-sign" aria-hidden="true">
        {sign === undefined ? null : <Icon name={sign} />}
      </span>
      <span class="step-name">
        {nameOf(step)}
        {!isSaid && <span class="unseen">, {text(STATUS[status])}</span>}
      </span>
      <span class="step-time">
        {isSaid && text(STATUS[status])}
        {event !== undefined && moment(event.atMs)}
        {sinceMs !== undefined && sinceMs >= 0 && <small>+{shortTime(sinceMs)}</small>}
      </span>
      {failure !== undefined && <Why failure={failure} />}
    </li>
  );
}

/** What a failure means, and the way to its row. */
function Why({ failure }: { failure: string }) {
  const texts = failureTexts(failure);
  if (texts === undefined) return null;
  return (
    <span class="step-why">
      {text(texts.is)}{' '}
      <a data-testid="journey-why" href={failurePath(failure)}>
        {text('journey.why')}
      </a>
    </span>
  );
}

function nameOf({ event, name }: Step): string {
  if (event?.kind === 'dial') return `${text('journey.end')}: ${named('dial', event.outcome)}`;
  if (event?.kind !== 'handover') return text(`journey.${name}`);
  switch (event.step) {
    case 'digits':
    case 'heard':
      return plural(`journey.${event.step}.count`, event.digits);
    case 'lambda':
      return text('journey.lambda.status', { status: named('token', event.status) });
    case 'queue':
      return text('journey.queue.name', { queue: event.queue });
    case 'no-record':
    case 'no-queue':
      return describe(event);
    default:
      return text(`journey.${name}`);
  }
}

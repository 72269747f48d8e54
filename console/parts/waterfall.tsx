import type { Signal } from '@preact/signals';
import type { ConsoleEvent } from '../../src/console/messages.js';
import type { CallStore } from '../live/call-store.js';
import { MIN_TURNS, percentile } from '../live/figures.js';
import { count, moment, shortTime } from '../live/format.js';
import { type AnswerLatency, latenciesOf } from '../live/latency.js';
import { text } from '../text/text.js';

/** The bars' scale has at least this much, so that a fast answer looks fast. */
const MIN_SCALE_MS = 1000;

/** Where the time of each answer went, newest first. Only what was measured is drawn. */
export function Waterfall({ selected, store }: { store: CallStore; selected: Signal<ConsoleEvent | undefined> }) {
  const answers = latenciesOf(store.events.value);
  const scaleMs = Math.max(MIN_SCALE_MS, ...answers.map(({ totalMs }) => totalMs));
  const totals = answers.map(({ totalMs }) => totalMs);
  const show = (id: string): void => {
    selected.value = store.events.value.find((event) => event.id === id);
  };
  return (
    <section class="card" data-testid="latency-waterfall" aria-labelledby="waterfall">
      <div class="card-head">
        <h2 id="waterfall">{text('waterfall.title')}</h2>
        {answers.length >= MIN_TURNS && (
          <p class="soft" data-testid="latency-summary">
            {text('waterfall.summary', {
              p50: shortTime(percentile(totals, 0.5) ?? 0),
              p95: shortTime(percentile(totals, 0.95) ?? 0),
              count: count(answers.length),
            })}
          </p>
        )}
      </div>
      {answers.length === 0 ? (
        <p class="note">{text('waterfall.empty')}</p>
      ) : (
        <div class="card-scroll" tabIndex={0} role="group" aria-labelledby="waterfall">
          <div class="waterfall-intro">
            <p id="waterfall-caption">{text('waterfall.caption')}</p>
            <ul class="legend">
              {(['model', 'gateway', 'heard'] as const).map((part) => (
                <li key={part}>
                  <span class="swatch" data-of={`part-${part}`} aria-hidden="true" />
                  {text(`waterfall.${part}.long`)}
                </li>
              ))}
            </ul>
          </div>
          <table class="plain waterfall" aria-labelledby="waterfall" aria-describedby="waterfall-caption">
            <thead>
              <tr>
                <th scope="col">{text('waterfall.turn')}</th>
                <th scope="col" class="bar">
                  <span class="unseen">{text('waterfall.bar')}</span>
                </th>
                <th scope="col">{text('waterfall.model')}</th>
                <th scope="col">{text('waterfall.gateway')}</th>
                <th scope="col">{text('waterfall.heard')}</th>
                <th scope="col">{text('waterfall.total')}</th>
              </tr>
            </thead>
            <tbody>
              {answers.toReversed().map((answer) => (
                <tr
                  key={answer.id}
                  data-testid="latency-turn"
                  data-total-ms={answer.totalMs}
                  onClick={() => show(answer.id)}
                >
                  <th scope="row">{moment(answer.atMs)}</th>
                  <td class="bar">
                    <Bar answer={answer} scaleMs={scaleMs} />
                  </td>
                  <td>{shortTime(answer.modelMs)}</td>
                  <td>{shortTime(answer.gatewayMs)}</td>
                  <td>{answer.heardMs === undefined ? text('waterfall.unmeasured') : shortTime(answer.heardMs)}</td>
                  <td>
                    <b>{shortTime(answer.totalMs)}</b>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** The parts behind each other. The table says the same in figures. */
function Bar({ answer: { gatewayMs, heardMs, modelMs }, scaleMs }: { answer: AnswerLatency; scaleMs: number }) {
  const x = (ms: number): number => (ms / scaleMs) * 100;
  const sentMs = modelMs + gatewayMs;
  return (
    <svg class="parts" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="part-model" x="0" y="0" width={x(modelMs)} height="10" />
      <rect class="part-gateway" x={x(modelMs)} y="0" width={Math.max(0.6, x(gatewayMs))} height="10" />
      {heardMs !== undefined && <rect class="part-heard" x={x(sentMs)} y="0" width={x(heardMs)} height="10" />}
    </svg>
  );
}

import { useState } from 'preact/hooks';
import type { CallsStore } from '../live/calls-store.js';
import { count, seconds, shortTime, timeOfDay } from '../live/format.js';
import { type Figures, minutesOf } from '../live/figures.js';
import { gatewayNow } from '../live/gateway-clock.js';
import { AMBER_MS } from '../live/quiet.js';
import { useTick } from '../live/ticker.js';
import { text } from '../text/text.js';
import { Chart } from './chart.js';

/** The figures above the list, with their charts, and the table that says the same. */
export function Totals({ figures, store }: { figures: Figures; store: CallsStore }) {
  // Buckets move on although nothing happens.
  const [, setSecond] = useState(0);
  useTick(() => setSecond(Math.floor(gatewayNow() / 1000)));
  void store.version.value;
  const nowMs = gatewayNow();
  const calls = [...store.calls.values()].map((call) => call.peek());
  const buckets = figures.buckets(nowMs);
  const { p50, p95, turns } = figures.latency();
  const quietMs = calls.map(({ quietSinceMs }) => (quietSinceMs === undefined ? 0 : nowMs - quietSinceMs));
  const quiet = quietMs.filter((ms) => ms >= AMBER_MS).length;
  const providers = new Map<string, number>();
  for (const { call } of calls) providers.set(call.provider, (providers.get(call.provider) ?? 0) + 1);
  const escalations = count(figures.escalationCount);
  return (
    <section class="totals" data-testid="totals" aria-label={text('calls.totals')}>
      <div class="tile">
        <p class="tile-name">{text('calls.now')}</p>
        <div class="tile-line">
          <p class="tile-value" data-testid="calls-count" data-count={calls.length}>
            {count(calls.length)}
          </p>
          <ul class="providers" aria-label={text('calls.providers')}>
            {[...providers]
              .sort(([a], [b]) => a.localeCompare(b))
              .map(([provider, number]) => (
                <li key={provider}>
                  {provider} <b>{count(number)}</b>
                </li>
              ))}
          </ul>
        </div>
        <Chart
          kind="bars"
          testId="chart-calls"
          label={text('chart.calls', { count: count(calls.length) })}
          values={buckets.map((bucket) => bucket.calls)}
        />
      </div>
      <div class="tile">
        <p class="tile-name">{text('calls.latency')}</p>
        <p class="tile-value">
          {p50 === undefined ? text('unknown') : shortTime(p50)}
          <small>
            {p95 === undefined
              ? text('calls.latency.few', { count: count(turns) })
              : `${text('calls.latency.p50')} · ${text('calls.latency.p95')} ${shortTime(p95)}`}
          </small>
        </p>
        <Chart
          kind="line"
          testId="chart-latency"
          label={text('chart.latency')}
          values={buckets.map((bucket) => bucket.medianMs)}
        />
      </div>
      <div class="tile">
        <p class="tile-name">{text('calls.escalations')}</p>
        <p class="tile-value">
          {escalations}
          <small>{text('calls.window')}</small>
        </p>
        <Chart
          kind="bars"
          testId="chart-escalations"
          label={text('chart.escalations', { count: escalations })}
          values={buckets.map((bucket) => bucket.escalations)}
        />
      </div>
      <div class="tile" data-alarm={quiet > 0}>
        <p class="tile-name">{text('calls.quiet')}</p>
        <p class="tile-value" data-testid="quiet-count" data-count={quiet}>
          {count(quiet)}
          <small>{text('calls.quiet.hint')}</small>
        </p>
        <p class="tile-more">{quiet > 0 && text('calls.quiet.longest', { time: seconds(Math.max(...quietMs)) })}</p>
      </div>
    </section>
  );
}

/** The charts' figures in words. */
export function FiguresTable({ figures, store }: { figures: Figures; store: CallsStore }) {
  void store.version.value;
  return (
    <details class="figures">
      <summary>{text('calls.figures')}</summary>
      <div class="scroll" tabIndex={0} role="group" aria-label={text('calls.figures')}>
        <table class="plain">
          <caption>{text('calls.figures.caption')}</caption>
          <thead>
            <tr>
              <th scope="col">{text('calls.figures.time')}</th>
              <th scope="col">{text('calls.figures.calls')}</th>
              <th scope="col">{text('calls.figures.latency')}</th>
              <th scope="col">{text('calls.figures.escalations')}</th>
            </tr>
          </thead>
          <tbody>
            {minutesOf(figures.buckets(gatewayNow())).map(({ calls, escalations, medianMs, startMs }) => (
              <tr key={startMs}>
                <th scope="row">{timeOfDay(startMs)}</th>
                <td>{calls === undefined ? text('unknown') : count(calls)}</td>
                <td>{medianMs === undefined ? text('unknown') : shortTime(medianMs)}</td>
                <td>{escalations === undefined ? text('unknown') : count(escalations)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

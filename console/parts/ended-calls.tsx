import { count, duration, shortSid, timeOfDay } from '../live/format.js';
import { fits } from '../live/order.js';
import type { CallRow } from '../../src/console/messages.js';
import { named, text } from '../text/text.js';
import { Person } from './person.js';

/** The calls that ended here lately, newest first. */
export function EndedCalls({ calls, query }: { calls: readonly CallRow[]; query: string }) {
  const fitting = calls.filter((call) => fits({ call }, query, named('outcome', call.outcome ?? '')));
  if (fitting.length === 0) return null;
  return (
    <section class="ended">
      <h2 id="ended">{text('ended.title')}</h2>
      <div class="card scroll" tabIndex={0} role="group" aria-labelledby="ended">
        <table class="plain" aria-labelledby="ended">
          <thead>
            <tr>
              {(['call', 'from', 'provider', 'ended', 'duration', 'turns', 'outcome', 'escalated'] as const).map(
                (name) => (
                  <th key={name} scope="col">
                    {text(`column.${name}`)}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {fitting.map((call) => (
              <tr
                key={call.callSid}
                data-testid="ended-row"
                data-call-sid={call.callSid}
                data-outcome={call.outcome ?? ''}
              >
                <td>
                  <a href={`/console/calls/${call.callSid}`}>{shortSid(call.callSid)}</a>
                </td>
                <td>
                  <Person call={call} />
                </td>
                <td>{call.provider}</td>
                <td>{call.endedAt === undefined ? '' : timeOfDay(call.endedAt)}</td>
                <td>{call.endedAt === undefined ? '' : duration(call.endedAt - call.startedAt)}</td>
                <td>{count(call.turns)}</td>
                <td>{named('outcome', call.outcome ?? '')}</td>
                <td>{call.escalation === null ? '' : named('reason', call.escalation.reason)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

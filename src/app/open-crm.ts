import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import { HubSpot } from '../crm/hubspot.js';
import type { TapeRecorder } from '../tape/recorder.js';
import type { Metrics } from '../telemetry/metrics.js';

/** Opens what tells HubSpot of handovers. `undefined` if it is not told. */
export function openCrm(
  { hubspot }: Config,
  metrics: Metrics,
  clock: Clock,
  recorder: TapeRecorder | undefined,
): HubSpot | undefined {
  if (hubspot === undefined) return undefined;
  return new HubSpot({
    ...hubspot,
    ...(recorder === undefined ? {} : { fetch: recorder.fetch(fetch) }),
    clock,
    count: (outcome, seconds) => {
      metrics.hubspotHandovers.inc({ outcome });
      if (outcome !== 'dropped') metrics.hubspotSeconds.observe(seconds);
    },
  });
}

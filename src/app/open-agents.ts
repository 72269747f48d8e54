import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import type { ConnectAgents } from '../handover/agent-availability.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';

/**
 * Opens the availability check if it is on. Its AWS client is loaded only then, because it is as large as the gateway.
 */
export async function openAgents(
  { dial, handover }: Config,
  metrics: Metrics,
  log: Logger,
  clock: Clock,
): Promise<ConnectAgents | undefined> {
  const { instanceId, connectEndpointUrl, checkAvailability } = dial;
  if (checkAvailability === 'off' || instanceId === undefined) return undefined;
  const { ConnectAgents } = await import('../handover/agent-availability.js');
  return new ConnectAgents({
    instanceId,
    region: handover.region,
    endpointUrl: connectEndpointUrl,
    rule: checkAvailability,
    defaultQueueArn: handover.queueArn,
    clock,
    log,
    localCredentials: handover.embedded,
    count: (result) => metrics.availabilityChecks.inc({ result }),
  });
}

import { SILENCE_BUDGET } from '../base/silence-budget.js';
import '../process/aws-node-version.js';
import { ConnectClient, type ConnectClientConfig, GetCurrentMetricDataCommand } from '@aws-sdk/client-connect';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';

/** Whether ringing makes sense. */
export type Reach = 'reachable' | 'unavailable';

/** `staffed`: somebody is logged in, though perhaps talking. `available`: somebody is free this moment. */
export type AvailabilityRule = 'staffed' | 'available';

export interface ConnectAgentsOptions {
  instanceId: string;
  region: string;
  /** Undefined: Amazon Connect in `region`. */
  endpointUrl: string | undefined;
  rule: AvailabilityRule;
  /** Where the flow sends callers without a queue of their own. */
  defaultQueueArn: string | undefined;
  clock: Clock;
  log: Logger;
  /** Made-up credentials, for an endpoint that checks none. */
  localCredentials?: boolean;
  count: (result: Reach | 'late' | 'unknown') => void;
}

/** The operation is limited to five requests a second for the whole account, and shows what was so some seconds ago. */
const REMEMBERED_MS = 5000;
const REQUEST_MS = 2000;
const METRICS = { staffed: 'AGENTS_STAFFED', available: 'AGENTS_AVAILABLE' } as const;

/** Asks Amazon Connect who is there. When it does not say so in time, somebody is taken to be. */
export class ConnectAgents {
  private readonly options: ConnectAgentsOptions;
  private readonly client: ConnectClient;
  private readonly known = new Map<string, { reach: Reach; untilMs: number }>();
  private readonly asking = new Map<string, Promise<Reach>>();

  constructor(options: ConnectAgentsOptions) {
    this.options = options;
    this.client = new ConnectClient(clientConfig(options));
  }

  /** Never rejects. `queueArn` empty: the default queue. */
  async reach(queueArn: string): Promise<Reach> {
    const { clock, count, defaultQueueArn } = this.options;
    const queue = queueArn === '' ? (defaultQueueArn ?? '') : queueArn;
    if (queue === '') return 'reachable';
    const known = this.known.get(queue);
    if (known !== undefined && clock.now() < known.untilMs) return known.reach;
    const asked = this.asking.get(queue) ?? this.ask(queue);
    return new Promise((resolve) => {
      const patience = clock.setTimer(SILENCE_BUDGET.agentAvailabilityMs, () => {
        count('late');
        resolve('reachable');
      });
      void asked.then((reach) => {
        patience.cancel();
        resolve(reach);
      });
    });
  }

  close(): void {
    this.client.destroy();
  }

  /** One question at a time for a queue, whoever waits for it. */
  private ask(queue: string): Promise<Reach> {
    const { clock } = this.options;
    const asked = this.question(queue).then((reach) => {
      this.asking.delete(queue);
      this.known.set(queue, { reach, untilMs: clock.now() + REMEMBERED_MS });
      return reach;
    });
    this.asking.set(queue, asked);
    return asked;
  }

  private async question(queue: string): Promise<Reach> {
    const { count, instanceId, log, rule } = this.options;
    try {
      const { MetricResults: results = [] } = await this.client.send(
        new GetCurrentMetricDataCommand({
          InstanceId: instanceId,
          Filters: { Queues: [queue], Channels: ['VOICE'] },
          Groupings: ['QUEUE'],
          CurrentMetrics: [{ Name: METRICS[rule], Unit: 'COUNT' }],
        }),
      );
      const value = results[0]?.Collections?.[0]?.Value;
      // An empty list means "cannot find any data", a missing value "insufficient data" (Connect: GetCurrentMetricData).
      const reach = value === 0 ? 'unavailable' : 'reachable';
      count(value === undefined ? 'unknown' : reach);
      return reach;
    } catch (error) {
      log.warn({ err: error }, 'Amazon Connect did not say who is there; dialling all the same');
      count('unknown');
      return 'reachable';
    }
  }
}

function clientConfig(options: ConnectAgentsOptions): ConnectClientConfig {
  const config: ConnectClientConfig = {
    region: options.region,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: REQUEST_MS, requestTimeout: REQUEST_MS, throwOnRequestTimeout: true },
  };
  if (options.endpointUrl !== undefined) config.endpoint = options.endpointUrl;
  if (options.localCredentials === true) config.credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return config;
}

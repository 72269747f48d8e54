import { SILENCE_BUDGET } from '../base/silence-budget.js';
import { untypedStatus } from '../base/untyped-answer.js';
import '../process/aws-node-version.js';
import { ConnectClient, type ConnectClientConfig, GetCurrentMetricDataCommand } from '@aws-sdk/client-connect';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import { boundedAnswer } from './bounded-answer.js';
import { requestDeadline, settledWithin } from './request-deadline.js';

/** Whether it makes sense to dial a queue's number. */
export type Reach = 'reachable' | 'unavailable';

/** What makes a queue reachable. `staffed`: an agent is logged in, perhaps busy. `available`: an agent is free now. */
export type AvailabilityRule = 'staffed' | 'available';

export interface ConnectAgentsOptions {
  instanceId: string;
  region: string;
  /** `undefined` means Amazon Connect in `region`. */
  endpointUrl: string | undefined;
  rule: AvailabilityRule;
  /** The queue to which the flow sends callers without a queue of their own. */
  defaultQueueArn: string | undefined;
  clock: Clock;
  log: Logger;
  /** Sends placeholder credentials, for an endpoint that does not check them. */
  localCredentials?: boolean;
  /** By default the SDK finds them. */
  credentials?: ConnectClientConfig['credentials'];
  count: (result: Reach | 'late' | 'unknown') => void;
}

/** GetCurrentMetricData is limited to five requests a second for the whole account, and its data is some seconds old. */
const REMEMBERED_MS = 5000;
const REQUEST_MS = 2000;
/** Maximum time of a question with the reading of credentials. Only then may the queue be asked about again. */
const QUESTION_MS = 3000;
const METRICS = { staffed: 'AGENTS_STAFFED', available: 'AGENTS_AVAILABLE' } as const;

/** Asks Amazon Connect whether a queue has agents. If it does not answer in time, the queue counts as reachable. */
export class ConnectAgents {
  private readonly options: ConnectAgentsOptions;
  private readonly client: ConnectClient;
  private readonly known = new Map<string, { reach: Reach; untilMs: number }>();
  private readonly asking = new Map<string, Promise<Reach>>();

  constructor(options: ConnectAgentsOptions) {
    this.options = options;
    this.client = new ConnectClient(clientConfig(options));
    this.client.middlewareStack.add(requestDeadline(options.clock, REQUEST_MS), {
      step: 'deserialize',
      priority: 'low',
      name: 'requestDeadline',
    });
    this.client.middlewareStack.add(boundedAnswer, { step: 'deserialize', priority: 'low', name: 'boundedAnswer' });
  }

  /** Whether the queue can be reached. An empty `queueArn` means the default queue. Never rejects. */
  async reach(queueArn: string): Promise<Reach> {
    const { clock, count, defaultQueueArn } = this.options;
    const queue = queueArn === '' ? (defaultQueueArn ?? '') : queueArn;
    if (queue === '') return 'reachable';
    const known = this.known.get(queue);
    if (known !== undefined && clock.now() < known.untilMs) return known.reach;
    const asked = this.asking.get(queue) ?? this.ask(queue);
    return new Promise((resolve) => {
      const timeout = clock.setTimer(SILENCE_BUDGET.agentAvailabilityMs, () => {
        count('late');
        resolve('reachable');
      });
      void asked.then((reach) => {
        timeout.cancel();
        resolve(reach);
      });
    });
  }

  close(): void {
    this.client.destroy();
  }

  /** Starts a request about `queue`, which all concurrent callers share. */
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

  /**
   * Asks once how many agents the queue has. `undefined` if Connect has no data about it. Rejects with the SDK's error.
   */
  async agentsOf(queueArn: string): Promise<number | undefined> {
    const { clock, instanceId, rule } = this.options;
    const sent = this.client.send(
      new GetCurrentMetricDataCommand({
        InstanceId: instanceId,
        Filters: { Queues: [queueArn], Channels: ['VOICE'] },
        Groupings: ['QUEUE'],
        CurrentMetrics: [{ Name: METRICS[rule], Unit: 'COUNT' }],
      }),
    );
    const { MetricResults: results = [] } = await settledWithin(clock, QUESTION_MS, sent);
    // An empty list means "cannot find any data", a missing value "insufficient data" (Connect API: GetCurrentMetricData).
    return results[0]?.Collections?.[0]?.Value;
  }

  private async question(queue: string): Promise<Reach> {
    const { count, log } = this.options;
    try {
      const value = await this.agentsOf(queue);
      const reach = value === 0 ? 'unavailable' : 'reachable';
      count(value === undefined ? 'unknown' : reach);
      return reach;
    } catch (error) {
      const status = untypedStatus(error);
      log.warn(
        { err: error, status },
        'Amazon Connect did not report agent availability; the queue counts as reachable',
      );
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
  if (options.credentials !== undefined) config.credentials = options.credentials;
  if (options.localCredentials === true) config.credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  return config;
}

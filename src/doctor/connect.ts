import type { Clock } from '../base/clock.js';
import { untypedStatus } from '../base/untyped-answer.js';
import type { Config } from '../config/config.js';
import { ConnectAgents } from '../handover/agent-availability.js';
import { createLogger } from '../telemetry/log.js';
import { whyUnreached } from './ask.js';
import { type Finding, advice, fault, fine } from './finding.js';

export interface ConnectQuestion {
  dial: Config['dial'];
  region: string;
  /** Sends placeholder credentials, for a simulator. */
  localCredentials: boolean;
  /** The queues that callers may be sent to. */
  queues: readonly string[];
  clock: Clock;
}

/** More would use up the five requests a second that the account has. */
const MAX_QUEUES = 4;

/** Asks for the agents of the queues, as the gateway does before it dials. */
export async function askConnect(question: ConnectQuestion): Promise<Finding[]> {
  const { clock, dial, localCredentials, queues, region } = question;
  const { checkAvailability: rule, connectEndpointUrl: endpointUrl, instanceId } = dial;
  if (rule === 'off' || instanceId === undefined) return [];
  if (queues.length === 0)
    return [
      advice(
        'connect-queue',
        'CONNECT_CHECK_AVAILABILITY has no queue to ask about, so it does nothing. Set CONNECT_QUEUE_ARN or CONNECT_QUEUE_ARNS.',
      ),
    ];
  const agents = new ConnectAgents({
    instanceId,
    region,
    endpointUrl,
    rule,
    defaultQueueArn: undefined,
    clock,
    log: createLogger({ level: 'silent' }),
    localCredentials,
    count: () => undefined,
  });
  try {
    const silent: string[] = [];
    const counts: number[] = [];
    for (const queue of queues.slice(0, MAX_QUEUES)) {
      const count = await agents.agentsOf(queue);
      if (count === undefined) silent.push(idOf(queue));
      else counts.push(count);
    }
    const asked = Math.min(queues.length, MAX_QUEUES);
    const text = `Instance ${instanceId} in ${region} answers for ${asked} of ${queues.length} ${queues.length === 1 ? 'queue' : 'queues'}; agents now: ${counts.join(', ') || 'no data'}.`;
    if (silent.length === 0) return [fine('connect-ready', text)];
    return [
      fine('connect-ready', text),
      advice(
        'connect-queue',
        `Connect has no data for the queue ${silent.join(', ')}. It may be new or have no agents; such a queue is dialled. Check its ARN in CONNECT_QUEUE_ARN or CONNECT_QUEUE_ARNS.`,
      ),
    ];
  } catch (error) {
    return [refused(error, question)];
  } finally {
    agents.close();
  }
}

function refused(error: unknown, { dial, region }: ConnectQuestion): Finding {
  const name = error instanceof Error && /^\w{1,80}$/.test(error.name) ? error.name : 'unknown error';
  const so = 'Until then callers are dialled whether agents are there or not.';
  switch (name) {
    case 'CredentialsProviderError':
    case 'ExpiredTokenException':
    case 'InvalidSignatureException':
    case 'MissingAuthenticationTokenException':
    case 'UnrecognizedClientException':
      return fault(
        'connect-access',
        `AWS refuses the credentials for Amazon Connect, or there are none (${name}). ${so}`,
      );
    case 'AccessDeniedException':
      return fault(
        'connect-access',
        `The credentials may not ask Amazon Connect (${name}). Allow connect:GetCurrentMetricData on the instance and its queues. ${so}`,
      );
    case 'ResourceNotFoundException':
      return fault(
        'connect-instance',
        `Amazon Connect in ${region} has no instance ${dial.instanceId ?? ''}, or not one of the queues (${name}). Check CONNECT_INSTANCE_ID, the queue ARNs and AWS_REGION. ${so}`,
      );
    case 'InvalidParameterException':
    case 'InvalidRequestException':
      return fault(
        'connect-queue',
        `Amazon Connect does not take the instance or a queue (${name}). Check CONNECT_INSTANCE_ID, CONNECT_QUEUE_ARN and CONNECT_QUEUE_ARNS. ${so}`,
      );
    case 'ThrottlingException':
      return advice(
        'connect-unreachable',
        `Amazon Connect answers no more requests now (${name}). The account allows five a second. ${so}`,
      );
    default: {
      const status = untypedStatus(error);
      if (status !== undefined)
        return fault(
          'connect-unreachable',
          `Amazon Connect was asked, and something answered with HTTP status ${status} and without a reason, as a proxy in its place would. Check AWS_ENDPOINT_URL_CONNECT and any proxy on the way. ${so}`,
        );
      const why = (error as { $fault?: unknown }).$fault === undefined ? whyUnreached(error) : 'the service failed';
      return fault(
        'connect-unreachable',
        `Amazon Connect does not answer (${name}: ${why}). Check AWS_REGION, AWS_ENDPOINT_URL_CONNECT and the network. ${so}`,
      );
    }
  }
}

function idOf(queueArn: string): string {
  return queueArn.split('/').at(-1) ?? '';
}

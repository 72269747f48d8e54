import type { Clock } from '../../src/base/clock.js';
import type { AgentDesk, AgentScreen } from '../connect/connect.js';
import { SimulatedConnect } from '../connect/connect.js';
import { loadFlow } from '../connect/flow.js';
import type { FlowStep } from '../connect/flow-runner.js';
import { type SimulatedLambda, startLambda } from '../connect/lambda.js';
import type { IncomingLeg, PhoneEndpoint } from '../twilio/phone.js';

/** Where the handover records are stored, as a gateway with an embedded store reports on /health. */
export interface StoreLocation {
  dynamodb_endpoint: string;
  table: string;
}

/** The telephone that answers when the gateway dials. */
export interface AgentSide {
  phone: PhoneEndpoint;
  /** Returns what the Lambda has written to its console. */
  output(): string;
  close(): Promise<void>;
}

const INSTANCE = 'arn:aws:connect:us-east-1:000000000000:instance/sim';
const DEFAULT_QUEUE = `${INSTANCE}/queue/default`;
const WHISPER = `${INSTANCE}/contact-flow/whisper`;
const GUIDE = `${INSTANCE}/contact-flow/guide`;

export interface AgentSideListener {
  /** `legCallSid`: the leg on which the flow runs. */
  onStep(step: FlowStep, legCallSid: string): void;
  onScreen(screen: AgentScreen): void;
  onWhisper?(text: string): void;
  onSaid?(text: string): void;
  /** The agent has heard the whisper, and hears the caller from now on. */
  onTalk?(): void;
  /** How long the agent talks before hanging up. By default a moment. */
  readonly agentTalksMs?: number;
  /** Where people answer. By default a simulated agent does. */
  desk?: AgentDesk;
}

/** How the Lambda's time passes: by its own clock, and with limits that are longer on a busy machine. */
export interface LambdaTime {
  clock: Clock;
  patience: number;
}

/** Starts the simulated Connect with the real flow, and the real Lambda on the gateway's store. */
export function connectSide(
  store: StoreLocation,
  pepper: string,
  clock: Clock,
  listener: AgentSideListener,
  { clock: lambdaClock, patience }: LambdaTime = { clock, patience: 1 },
): AgentSide {
  const env = {
    DYNAMODB_ENDPOINT_URL: store.dynamodb_endpoint,
    DYNAMODB_TABLE_NAME: store.table,
    HANDOVER_TOKEN_PEPPER: pepper,
    AWS_REGION: 'us-east-1',
  };
  // As in the service, an instance of the function is there only once somebody has called.
  let started: SimulatedLambda | undefined;
  const lambda = (): SimulatedLambda => (started ??= startLambda(env, patience));
  const connect = new SimulatedConnect({
    flow: loadFlow('contact-flow', {
      lambda_arn: 'arn:aws:lambda:us-east-1:000000000000:function:tandem-connect',
      default_queue_arn: DEFAULT_QUEUE,
      whisper_flow_arn: WHISPER,
      guide_flow_arn: GUIDE,
    }),
    flows: new Map([
      [WHISPER, loadFlow('agent-whisper')],
      [GUIDE, loadFlow('agent-guide', { region: 'us-east-1' })],
    ]),
    lambda: (event) => lambda().invoke(event),
    queues: new Map([[DEFAULT_QUEUE, { name: 'Default queue', hasRoom: true }]]),
    clock,
    lambdaClock: {
      now: () => lambdaClock.now(),
      epochMs: () => lambdaClock.epochMs(),
      setTimer: (delayMs, callback) => lambdaClock.setTimer(delayMs * patience, callback),
    },
    onStep: (step, legCallSid) => listener.onStep(step, legCallSid),
    onAgentScreen: (screen) => listener.onScreen(screen),
    onWhisper: (text) => listener.onWhisper?.(text),
    onSaid: (text) => listener.onSaid?.(text),
    onTalk: () => listener.onTalk?.(),
    desk: listener.desk,
    ...(listener.agentTalksMs === undefined ? {} : { agentTalksMs: listener.agentTalksMs }),
  });
  return {
    phone: {
      ring: (leg) => {
        // It loads while the flow welcomes the caller.
        lambda();
        connect.ring(leg);
      },
    },
    output: () => started?.output() ?? '',
    close: async () => {
      await started?.close();
    },
  };
}

/**
 * A telephone without a screen. It answers, counts the digits it hears, takes a call that it is told of, and hangs up after two
 * seconds.
 */
export function plainSide(clock: Clock, onDigits: (count: number) => void): AgentSide {
  const ring = (leg: IncomingLeg): void => {
    let count = 0;
    leg.onDigit(() => count++);
    leg.onSaid(() => clock.setTimer(500, () => leg.press('1')));
    leg.onBridged(() => {
      onDigits(count);
      clock.setTimer(2000, () => leg.hangup());
    });
    clock.setTimer(300, () => leg.answer());
  };
  return { phone: { ring }, output: () => '', close: () => Promise.resolve() };
}

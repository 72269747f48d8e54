import type { CallRecording } from '../../sim/twilio/call-recording.js';
import type { SecretFunction, TypedSecret } from '../../src/call/secrets/secret-function.js';
import { type Rig, startRig, until } from './rig.js';
import { Scene } from './handover-scene.js';

// For tests of recordings and of secrets: a rig whose carrier has a REST API and records, and scenes played on it.

export const RECORDED = 'This call is recorded.';
export const ENTER = 'Please enter the digits on your keypad now, and press the hash key when you are done.';

export type RecordedOptions = NonNullable<Parameters<typeof startRig>[0]>;

/** Runs `body` with a rig whose calls are recorded once they have been announced. */
export async function withRecorder(options: RecordedOptions, body: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await startRig({
    rest: {},
    ...options,
    env: { HANDOVER_MODE: 'twiml', CALL_RECORDING: 'announced', IDLE_PROMPT_SECONDS: '0', ...options.env },
  });
  try {
    await body(rig);
  } finally {
    await rig.close();
  }
}

export interface RecordedScene {
  scene: Scene;
  recordings: readonly CallRecording[];
  /** Waits until the only recording is in this state. */
  is: (status: CallRecording['status']) => Promise<CallRecording>;
  tool: (name: string, given: unknown) => Promise<void>;
  type: (keys: string) => void;
}

let toolCalls = 0;

/** Places a call and waits until its stream is open. */
export async function recordedScene(rig: Rig): Promise<RecordedScene> {
  const scene = new Scene(rig);
  await scene.talking();
  const { recordings } = scene.call;
  return {
    scene,
    recordings,
    is: async (status) => {
      await until(
        () => recordings.at(-1)?.status === status,
        `the recording is ${status}, and not ${recordings.at(-1)?.status ?? 'there'}`,
      );
      return recordings.at(-1) as CallRecording;
    },
    tool: async (name, given) => {
      rig.provider.last.emit({ type: 'tool-call', toolCallId: `t${++toolCalls}`, name, arguments: given });
      // The tool has begun once its sign is there.
      await until(() => scene.events('tool').length > 0, 'the tool call');
    },
    type: (keys) => {
      for (const key of keys) scene.call.pressDigit(key);
    },
  };
}

/** The operator's function, as a test needs it: it keeps what it got. */
export class SecretTaker {
  readonly taken: TypedSecret[] = [];
  answer: (secret: TypedSecret) => unknown = () => 'accepted';

  readonly onSecret: SecretFunction = (secret) => {
    this.taken.push(secret);
    return this.answer(secret);
  };

  get digits(): string[] {
    return this.taken.map(({ digits }) => digits);
  }
}

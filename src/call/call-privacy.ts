import type { AssistantLines } from '../prompts/assistant-prompt.js';
import type { RecordingMode } from '../prompts/assistant.js';
import type { SessionChange } from '../voice/session.js';
import type { AssistantTool } from '../voice/tools.js';
import type { CallFacts } from './call-facts.js';
import type { CallState, CallStateMachine } from './call-state.js';
import {
  CallRecording,
  type CallRecordingOptions,
  type RecordingServices,
  goesToHuman,
} from './recording/call-recording.js';
import { consentTool } from './recording/consent-tool.js';
import { SecretCollector, type SecretCollectorOptions, type SecretServices } from './secrets/secret-collector.js';
import type { CallSnapshot } from './snapshot/snapshot.js';

/** What every call of a gateway shares for its recording and its secrets. */
export interface PrivacyServices
  extends
    Omit<CallRecordingOptions['services'], keyof RecordingServices>,
    Omit<SecretCollectorOptions['services'], keyof SecretServices> {
  /** How calls are recorded. `undefined` if none is. */
  recordings: RecordingServices | undefined;
  /** How digits are collected that no model hears. `undefined` if no extension takes them. */
  secrets: SecretServices | undefined;
}

/** What of a call Twilio records, and which digits no model hears. Both are `undefined` for a call that has neither. */
export class CallPrivacy {
  readonly recording: CallRecording | undefined;
  readonly secrets: SecretCollector | undefined;
  private readonly mode: RecordingMode;
  private readonly call: CallFacts;
  private readonly isOutbound: boolean;
  private readonly machine: CallStateMachine;

  constructor(options: {
    call: CallFacts;
    machine: CallStateMachine;
    services: PrivacyServices;
    /** What another instance knew. */
    memory: Pick<CallSnapshot, 'recording' | 'isSecretOwed'>;
    /** Called when what another instance must know has changed. */
    onChange: () => void;
  }) {
    const { call, machine, memory, onChange, services } = options;
    const { recording: mode } = call.assistant;
    // Another assistant may talk to the caller by the time a line is said, or the same one in another language.
    const lines = (): AssistantLines => call.assistant.prompt.lines;
    this.mode = mode;
    this.call = call;
    this.machine = machine;
    this.isOutbound = call.outbound !== undefined;
    const { recordings, secrets } = services;
    const wasRecorded = memory.recording !== undefined && memory.recording.is !== 'none';
    if (recordings !== undefined && (mode !== 'off' || wasRecorded)) {
      this.recording = new CallRecording({
        callSid: call.callSid,
        mode,
        lines,
        services: { ...services, ...recordings },
        log: call.log,
        say: (text, sayId) => this.say(text, sayId),
        onChange,
        memory: memory.recording,
        isSecretHeld: () => this.secrets?.isOwed === true,
      });
    }
    if (secrets === undefined) return;
    this.secrets = new SecretCollector({
      call,
      lines,
      services: { ...services, ...secrets },
      media: () => (machine.state.name === 'talking' ? machine.state.media : undefined),
      whenUnrecorded: () => this.recording?.whenSilent() ?? Promise.resolve(true),
      onChange: () => {
        onChange();
        this.recording?.adjust();
      },
      isOwed: memory.isSecretOwed === true,
    });
  }

  /** What another instance has to know. */
  get memory(): Pick<CallSnapshot, 'recording' | 'isSecretOwed'> {
    const { recording, secrets } = this;
    return {
      ...(recording === undefined ? {} : { recording: recording.memory }),
      ...(secrets?.isOwed === true ? { isSecretOwed: true } : {}),
    };
  }

  /** Returns the first words of a stream. A person who is called first hears who calls. */
  opening(text: string): string {
    return this.recording?.opening(text, !this.isOutbound || text !== this.call.assistant.prompt.greeting) ?? text;
  }

  /** Tools that act on this call. */
  tools(): readonly AssistantTool[] {
    const { mode, recording, secrets } = this;
    const tools: AssistantTool[] = [];
    if (recording !== undefined && mode !== 'off') tools.push(consentTool(mode, (agreed) => recording.decided(agreed)));
    if (secrets !== undefined) tools.push(secrets.tool);
    return tools;
  }

  /** The call has taken a step. */
  entered(state: CallState): void {
    if (goesToHuman(state)) this.secrets?.forget();
    this.recording?.entered(state);
  }

  onSessionChange(change: SessionChange): void {
    this.secrets?.onSessionChange(change);
  }

  /** The call has come from another instance. */
  restored(): void {
    this.recording?.adjust();
  }

  /** The call is over, or goes on in another instance. */
  close(): void {
    this.recording?.close();
    this.secrets?.close();
  }

  /** Says a line to the caller. Returns `false` if no stream is open, or the call leaves it. */
  private say(text: string, sayId: string): boolean {
    const { state } = this.machine;
    if (state.name !== 'talking') return false;
    state.media.conversation.say(text, sayId);
    return true;
  }
}

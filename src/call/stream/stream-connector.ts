import type { Clock } from '../../base/clock.js';
import type { TandemError } from '../../base/errors.js';
import type { Escalation } from '../../escalation/escalation.js';
import type { EscalationWatch } from '../../escalation/watch.js';
import type { Logger } from '../../telemetry/log.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { identifyingNumber } from '../../twilio/caller-identity.js';
import type { StreamStart } from '../../twilio/messages.js';
import type { Admitted, StreamEnd, StreamOwner, TwilioStream } from '../../twilio/stream.js';
import type { History, Turn } from '../../voice/history.js';
import type { VoiceProvider } from '../../voice/session.js';
import { type ToolContext, ToolRunner } from '../../voice/tools.js';
import type { CallEvent } from '../call-events.js';
import type { AssistantFor, CallFacts } from '../call-facts.js';
import type { CallReport } from '../call-report.js';
import type { CallSigns } from '../call-signs.js';
import type { CallRecording } from '../recording/call-recording.js';
import type { SecretCollector } from '../secrets/secret-collector.js';
import type { CallStateMachine, Ringing as RingingState } from '../call-state.js';
import { CallFaults } from '../media/call-faults.js';
import type { ConversationListener } from '../media/conversation.js';
import { openMediaSession } from '../media/open-media-session.js';
import { type OwnProcessor, type OwnStages, openOwnProcessors } from '../media/own-processors.js';
import type { CallCheckpointer } from '../snapshot/checkpointer.js';
import type { AnsweringMachine } from '../transfer/answering-machine.js';
import { CallerSilence } from '../transfer/caller-silence.js';
import type { Departure } from '../transfer/departure.js';
import { AssistantSwitch } from './assistant-switch.js';
import type { Ringing } from './ringing.js';
import type { StreamRequests } from './stream-requests.js';
import { hasToken } from './stream-token.js';

/** What the streams of all calls of a gateway share. */
export interface StreamServices {
  clock: Clock;
  metrics: Metrics;
  provider: VoiceProvider;
  /** Processors of extensions. */
  processors: readonly OwnProcessor[];
  /** Silence of the caller after which the assistant asks "are you still there". 0 disables the question. */
  idleMs: number;
  /** Maximum number of times in a row the assistant speaks without a word from the caller's side. 0 means no limit. */
  maxUnansweredTurns: number;
  /** `true` for the frame pipeline, `false` for the direct bridge. */
  pipeline: boolean;
  emit: (event: CallEvent) => void;
  /** The assistant of a call: by the number, by what was known before, and by what was chosen during the call. */
  assistantFor: AssistantFor;
}

export interface StreamConnectorOptions {
  call: CallFacts;
  history: History;
  escalationWatch: EscalationWatch;
  machine: CallStateMachine;
  departure: Departure;
  checkpointer: CallCheckpointer;
  ringing: Ringing;
  streams: StreamRequests;
  /** `undefined` if the caller has called, so that no machine can have answered. */
  machines: AnsweringMachine | undefined;
  /** `undefined` if the call is not to be recorded. */
  recording: CallRecording | undefined;
  /** `undefined` if no secrets are collected. */
  secrets: SecretCollector | undefined;
  report: CallReport;
  signs: CallSigns;
  services: StreamServices;
  escalate: (escalation: Escalation) => void;
}

/**
 * Connects the streams of one call with it. What Twilio sends goes to the conversation, and what the conversation or the
 * stream reports becomes a step of the call.
 */
export class StreamConnector {
  private readonly options: StreamConnectorOptions;
  private readonly faults: CallFaults;
  private readonly silence: CallerSilence;
  private readonly assistants: AssistantSwitch;

  constructor(options: StreamConnectorOptions) {
    this.options = options;
    const { call, departure, escalate, escalationWatch, machine, services } = options;
    const { maxUnansweredTurns, metrics } = services;
    const log = call.log();
    this.faults = new CallFaults({ callSid: call.callSid, log, metrics });
    this.silence = new CallerSilence({
      maxUnansweredTurns,
      machine,
      departure,
      escalationWatch,
      lines: () => call.assistant.prompt.lines,
      log,
      metrics,
      escalate,
    });
    this.assistants = new AssistantSwitch(options);
  }

  /** Admits a stream that names this call. Its token works once, and only for this call. */
  admit(stream: TwilioStream, start: StreamStart): Admitted {
    const { state } = this.options.machine;
    if (state.name !== 'ringing') return { refused: 'no stream expected' };
    if (!hasToken(start, state.streamToken)) return { refused: 'wrong token' };
    return this.connect(stream, start, state);
  }

  /** The stream is over. Decides what follows, unless the gateway has closed it itself. */
  onStreamEnd(cause: StreamEnd): void {
    const { departure, machine, streams } = this.options;
    this.assistants.streamEnded();
    this.options.recording?.streamOver();
    // The gateway closed the stream itself, and the state has moved on already.
    if (cause === 'closed') return;
    if (machine.state.name === 'leaving') departure.part(machine.state);
    else if (machine.state.name === 'talking')
      departure.part(streams.resumePlan('stream_lost', streams.heardNothingSinceMs));
    else if (machine.state.name === 'redirecting' && cause === 'stop')
      machine.enter({ ...machine.state, isStopped: true });
  }

  private connect(stream: TwilioStream, start: StreamStart, ringingState: RingingState): StreamOwner {
    const { call, checkpointer, departure, escalationWatch, history } = this.options;
    const { machine, machines, recording, ringing, secrets, services, signs, streams } = this.options;
    const { callSid } = call;
    const { clock, emit, idleMs, metrics, pipeline, provider } = services;
    const { opening, prewarmed, quietSinceMs } = ringingState;
    const tools: ToolRunner = new ToolRunner({
      tools: ringingState.tools,
      clock,
      context: () => this.toolContext(tools),
      onFault: (fault) => metrics.toolFaults.inc({ fault }),
    });
    const { media, meter } = openMediaSession({
      stream,
      prewarmed,
      history,
      escalationWatch,
      tools,
      listener: this.listener(tools),
      onIdle: (times) => {
        // A caller who types is not silent, and is asked again if nothing comes.
        if (secrets?.isCollecting === true) media.idle.callerActive();
        else this.silence.onIdle(times);
      },
      onCallerBack: () => departure.stay(),
      onLook: () => checkpointer.noteBetweenTurns(),
      onFault: (fault) => this.faults.onStreamFault(fault),
      onProcessorError: (processor, error) => this.faults.onProcessorError(processor, error),
      own: this.ownProcessors(start.streamSid),
      onUnknownMark: () => this.faults.onUnknownMark(),
      signs,
      services: { clock, metrics, providerName: provider.name, idleMs, pipeline },
    });
    const { pauses, conversation, idle, playback, health } = media;
    machine.enter({ name: 'talking', media });
    streams.cameIn(opening !== undefined || ringing.owesAnswer);
    const { inboundFrameLatency } = metrics;
    return {
      onStart: () => {
        emit({ type: 'stream-started', callSid, streamSid: start.streamSid });
        call.log().info('stream started');
        meter.streamStarted();
        conversation.begin();
        machines?.onStream();
        recording?.streamOpened(opening !== undefined);
        secrets?.streamOpened(media.session);
        if (opening === undefined && !ringing.owesAnswer) idle.beginQuiet(ringing.since(quietSinceMs));
      },
      onAudio: (chunk, receivedMs) => {
        health.mediaCame(receivedMs);
        pauses.heard(chunk);
        conversation.callerAudio(secrets === undefined ? chunk : secrets.hears(chunk));
        inboundFrameLatency.observe((clock.now() - receivedMs) / 1000);
      },
      onDigit: (digit) => {
        this.silence.onDigit();
        if (secrets?.takes(digit) !== true) conversation.digit(digit);
      },
      onMark: (name) => playback.onMark(name),
      onEnd: (cause) => {
        emit({ type: 'stream-ended', callSid, streamSid: start.streamSid, cause });
        this.onStreamEnd(cause);
      },
    };
  }

  private ownProcessors(streamSid: string): OwnStages {
    const { call, services } = this.options;
    const { clock, processors } = services;
    const { language } = call.assistant.prompt;
    return openOwnProcessors(
      processors,
      () => ({ ...this.callContext(), language, clock, log: call.log().child({ stream_sid: streamSid }) }),
      (name, fault, error) => this.faults.onOwnProcessorFault(name, fault, error),
    );
  }

  private listener(tools: ToolRunner): ConversationListener {
    const { call, checkpointer, departure, escalate, machine, recording, report, services, signs } = this.options;
    return {
      onTurn: (turn: Readonly<Turn>) => {
        services.emit({ type: 'turn', callSid: call.callSid, turn });
        checkpointer.note();
        this.silence.onTurn(turn);
        if (recording !== undefined && 'media' in machine.state) recording.onTurn(turn, machine.state.media.playback);
      },
      onEscalation: (escalation) => {
        departure.stay();
        escalate(escalation);
      },
      // The assistant has said goodbye itself.
      onEndCall: () => departure.endCall('completed'),
      onAssistantWish: (wish, settled) => this.assistants.wish(wish, tools, settled),
      onUsage: (inputTokens, outputTokens) => report.onUsage(inputTokens, outputTokens),
      onSign: (sign) => signs.onSign(sign),
      onSaid: (sayId, status) => {
        departure.onSaid(status, sayId);
        this.silence.onSaid(sayId, status);
        recording?.onSaid(sayId, status);
      },
      onFailure: (error) => this.onFailure(error),
    };
  }

  private toolContext(tools: ToolRunner): Omit<ToolContext, 'signal'> & { log: Logger } {
    return {
      ...this.callContext(),
      passTo: (name) =>
        new Promise((resolve) => {
          this.assistants.wish({ kind: 'assistant', name, summary: undefined }, tools, resolve);
        }),
    };
  }

  private callContext(): Omit<ToolContext, 'signal' | 'passTo'> & { log: Logger } {
    const { conversationId, from, log } = this.options.call;
    return { conversationId, callerNumber: identifyingNumber(from) ?? '', log: log() };
  }

  /** Every provider has failed. */
  private onFailure(error: TandemError): void {
    const { call, departure, machine } = this.options;
    call.log().error({ err: error }, 'every voice provider has failed');
    if (machine.state.name === 'leaving') departure.onVoiceLost();
    else if (machine.state.name === 'talking') departure.part(departure.failurePlan());
  }
}

import type { Escalation } from '../../escalation/escalation.js';
import type { Verb } from '../../twilio/twiml.js';
import type { VoiceWebhook } from '../../twilio/webhooks.js';
import type { ResponseStatus } from '../../voice/session.js';
import { announcement } from '../announcement.js';
import type { CallFacts } from '../call-facts.js';
import type {
  AssistantExit,
  CallOutcome,
  CallStateMachine,
  Exit,
  ExitPlan,
  HumanExit,
  NobodyExit,
  ResumeCause,
} from '../call-state.js';
import { Goodbye, heard } from '../media/goodbye.js';
import { LastListening } from '../media/last-listening.js';
import type { MediaSession } from '../media/media-session.js';
import { type CallerMessageServices, CallerMessages } from './caller-messages.js';
import { type DialStep, Dialling, type DiallingServices } from './dialling.js';
import { HumanTransfer } from './human-transfer.js';
import { type NotAsked, enterParted } from './parted.js';
import { Voicemail } from './voicemail.js';

export interface DepartureServices extends DiallingServices, CallerMessageServices {}

/** What a departure needs of its call. */
export interface DepartureOwner {
  /** The call continues in a new stream. */
  resume(exit: AssistantExit): readonly Verb[];
  /** What Twilio is to do in the present state. */
  currentAnswer(): Answer;
  /** `announce` is what Twilio was told to say last. */
  end(outcome: CallOutcome, announce?: string): void;
  notAsked: NotAsked;
}

/** The TwiML verbs that answer a request of Twilio. */
export type Answer = readonly Verb[] | Promise<readonly Verb[]>;

/** Maximum number of stream replacements before the call is transferred to an agent. */
const MAX_RESUMES = 2;

/** Causes that count as a replacement. A caller whose streams keep breaking is not helped by another stream. */
const BROKEN: ReadonlySet<ResumeCause> = new Set(['stream_lost', 'stream_refused', 'instance_lost']);

/**
 * How one call leaves its stream: the goodbye, then the exit that was chosen. The dial itself is in `dialling`, which returns
 * what to do next and never calls back.
 */
export class Departure {
  readonly transfer: HumanTransfer;
  readonly dialling: Dialling;
  readonly messages: CallerMessages;
  readonly voicemail: Voicemail;
  private readonly call: CallFacts;
  private readonly machine: CallStateMachine;
  private readonly services: DepartureServices;
  private readonly owner: DepartureOwner;
  private goodbyeCount = 0;
  private resumeCount: number;

  /** `resumes` and `failedDials` are what the call has used up already, possibly on another instance. */
  constructor(options: {
    call: CallFacts;
    machine: CallStateMachine;
    services: DepartureServices;
    owner: DepartureOwner;
    resumes: number;
    failedDials: number;
  }) {
    this.call = options.call;
    this.machine = options.machine;
    this.services = options.services;
    this.owner = options.owner;
    this.resumeCount = options.resumes;
    this.transfer = new HumanTransfer(this.call, this.services, options.failedDials);
    this.messages = new CallerMessages(this.call, this.services);
    const { call, machine, messages, owner, services, transfer } = this;
    const end: DepartureOwner['end'] = (outcome, announce) => owner.end(outcome, announce);
    this.dialling = new Dialling({ call, machine, transfer, services, end, notAsked: owner.notAsked });
    this.voicemail = new Voicemail({ call, machine, messages, services, end });
  }

  /** Says `line` as the last thing on this stream, then dials. The record is written while the line plays. */
  toHuman(escalation: Escalation, line: string): void {
    const isDialPossible = this.services.connectPhoneNumber !== undefined;
    const session = 'media' in this.machine.state ? this.machine.state.media.session : undefined;
    this.leave(
      this.transfer.begin(escalation, session),
      isDialPossible ? line : this.call.assistant.prompt.lines.oneMoment,
    );
  }

  private leave(exit: HumanExit, line: string): void {
    const { state } = this.machine;
    if (state.name !== 'talking') return;
    const { media } = state;
    const goodbye = this.newGoodbye(media);
    this.machine.enter({
      name: 'leaving',
      media,
      exit,
      announce: undefined,
      goodbye,
      listening: undefined,
      isVoiceLost: false,
    });
    media.conversation.leave(line, goodbye.sayId);
    this.follows(
      exit,
      Promise.all([goodbye.end, exit.prepared, exit.reach]).then(([end, prepared, reach]) => {
        if (!this.isLeavingBy(exit)) return;
        const plan = { exit, announce: end === 'unsaid' ? line : undefined };
        if (reach === 'reachable' && this.transfer.goesByRest) this.dialling.redirect(plan, prepared);
        else this.part(plan);
      }),
    );
  }

  /** A fault on the way out must not end the process, nor leave the caller where they are. */
  private follows(exit: Exit, step: Promise<void>): void {
    void step.catch((error: unknown) => {
      const { log } = this.call;
      this.services.metrics.processorErrors.inc({ processor: 'departure' });
      log().error({ err: error }, 'the call could not leave its stream as planned');
      try {
        if (this.isLeavingBy(exit)) this.part({ exit, announce: undefined });
      } catch (again) {
        log().error({ err: again }, 'the call could not leave its stream');
      }
    });
  }

  /**
   * Ends the call once the caller has heard the goodbye: `line`, or without one what the assistant has just said. If the caller
   * interrupts the goodbye, or speaks soon after it, the call continues. If the stream breaks during it, Twilio says it.
   */
  endCall(outcome: CallOutcome, line?: string): void {
    const { state } = this.machine;
    if (state.name !== 'talking') return;
    const { media } = state;
    const exit: NobodyExit = { to: 'nobody', outcome };
    const announce = line ?? this.call.assistant.prompt.lines.silentGoodbye;
    const goodbye = line === undefined ? undefined : this.newGoodbye(media);
    const listening = new LastListening({
      clock: this.services.clock,
      media,
      said: goodbye?.end ?? heard(media.playback),
      lastWords: () => line ?? this.call.turns().findLast(({ speaker }) => speaker === 'assistant')?.text ?? '',
    });
    this.machine.enter({ name: 'leaving', media, exit, announce, goodbye, listening, isVoiceLost: false });
    // Spoken like any other line, so that the caller can interrupt it.
    if (goodbye !== undefined) media.conversation.say(announce, goodbye.sayId);
    // Later, when the answer to the model's tool call is on its way. Some models say something to it and some do not.
    else queueMicrotask(() => media.session.expectsNothing?.());
    this.follows(
      exit,
      listening.end.then((end) => {
        if (!this.isLeavingBy(exit)) return;
        if (end === 'cut') this.stay();
        else this.part({ exit, announce: end === 'heard' ? undefined : announce });
      }),
    );
  }

  /** Says `line` as the last words of the call, to a machine that does not answer. Nothing interrupts them. */
  lastWords(line: string, outcome: CallOutcome): void {
    this.stay();
    const { state } = this.machine;
    if (state.name !== 'talking') return;
    const { media } = state;
    const exit: NobodyExit = { to: 'nobody', outcome };
    const goodbye = this.newGoodbye(media);
    const rest = { announce: undefined, goodbye, listening: undefined, isVoiceLost: false };
    this.machine.enter({ name: 'leaving', media, exit, ...rest });
    media.conversation.leave(line, goodbye.sayId);
    this.follows(
      exit,
      goodbye.end.then((end) => {
        if (this.isLeavingBy(exit)) this.part({ exit, announce: end === 'unsaid' ? line : undefined });
      }),
    );
  }

  /** Takes back a call that was about to end without an agent, because the caller has something to say after all. */
  stay(): void {
    const { state } = this.machine;
    if (state.name !== 'leaving' || state.exit.to !== 'nobody') return;
    // The last words to a machine.
    if (state.listening === undefined) return;
    if (state.isVoiceLost) this.part(this.transfer.failurePlan());
    else this.machine.enter({ name: 'talking', media: state.media });
  }

  /** The session has delivered the line `sayId`, or could not. */
  onSaid(status: ResponseStatus, sayId: string): void {
    const { state } = this.machine;
    if (state.name === 'leaving' && state.goodbye?.sayId === sayId) state.goodbye.onSaid(status);
  }

  /** Every provider has failed, so no model can say the goodbye or continue after it. */
  onVoiceLost(): void {
    const { state } = this.machine;
    if (state.name !== 'leaving') return;
    this.machine.enter({ ...state, isVoiceLost: true });
    state.goodbye?.cancel();
  }

  /** The stream is over. If Twilio then requests no action URL, the caller has hung up. */
  part(plan: ExitPlan): void {
    enterParted(plan, { ...this.services, machine: this.machine, notAsked: this.owner.notAsked });
  }

  partAndLeave(plan: ExitPlan): Answer {
    this.part(plan);
    return this.leaveBy(plan);
  }

  /** Answers Twilio when the stream or the dial is over. */
  leaveBy({ announce, exit }: ExitPlan): Answer {
    switch (exit.to) {
      case 'human':
        return this.dialling.dial(exit).then((step) => this.follow(step));
      case 'assistant':
        if (BROKEN.has(exit.cause) && !this.mayResume()) return this.partAndLeave(this.failurePlan());
        return this.owner.resume(exit);
      case 'voicemail':
        return this.voicemail.record();
      case 'callback':
        return this.voicemail.promiseCallback();
      case 'nobody':
        this.owner.end(exit.outcome, announce);
        if (exit.outcome === 'refused_by_hook') return [{ verb: 'reject' }];
        return [...announcement(announce, this.call.assistant.prompt), { verb: 'hangup' }];
    }
  }

  /**
   * How a call leaves that the assistant cannot continue. An agent takes over, except from a person whom the gateway has called and
   * who has heard nothing yet: they are told who called, and the call ends.
   */
  failurePlan(): ExitPlan {
    const { assistant, outbound, turns } = this.call;
    const line = assistant.prompt.outbound?.failed;
    if (outbound === undefined || line === undefined || turns().length > 0) return this.transfer.failurePlan();
    return { exit: { to: 'nobody', outcome: 'abandoned' }, announce: line };
  }

  /** Whether a stream that broke, or never came, is replaced once more. Each call of this method uses up one replacement. */
  mayResume(): boolean {
    return this.resumeCount++ < MAX_RESUMES;
  }

  /** How many times a broken stream was replaced. */
  get resumes(): number {
    return this.resumeCount;
  }

  /** The `<Dial action>` request: the dial is over. */
  afterDial(webhook: VoiceWebhook): Answer {
    return this.follow(this.dialling.afterDial(webhook));
  }

  /** The TwiML that held the call has run to its end, so Twilio has dropped the change that was sent over REST. */
  afterHold(): Answer {
    this.dialling.afterHold();
    return this.owner.currentAnswer();
  }

  /** Twilio could not get or use our answer to `failedPath`. */
  afterFallback(failedPath: string, webhook: VoiceWebhook): Answer {
    return this.follow(this.dialling.afterFallback(failedPath, webhook));
  }

  /** The call is over. */
  close(): void {
    this.transfer.close();
  }

  private follow(step: DialStep): Answer {
    switch (step.next) {
      case 'verbs':
        return step.verbs;
      case 'exit':
        return this.partAndLeave(step.plan);
      case 'end':
        this.owner.end(step.outcome);
        return [{ verb: 'hangup' }];
      case 'unchanged':
        return this.owner.currentAnswer();
    }
  }

  /** False as soon as another decision has replaced `exit`, so exits are compared by identity. */
  private isLeavingBy(exit: Exit): boolean {
    const { state } = this.machine;
    return state.name === 'leaving' && state.exit === exit;
  }

  private newGoodbye({ playback, session }: MediaSession): Goodbye {
    const sayId = `goodbye-${this.goodbyeCount++}`;
    const { clock } = this.services;
    return new Goodbye({ sayId, clock, playback, waitsMs: session.callerWaitsMs ?? 0 });
  }
}

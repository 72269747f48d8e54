import type { Clock } from '../../base/clock.js';
import type { Escalation } from '../../escalation/escalation.js';
import type { PreparedHandover } from '../../handover/desk.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { Verb } from '../../twilio/twiml.js';
import type { VoiceWebhook } from '../../twilio/webhooks.js';
import type { ResponseStatus } from '../../voice/session.js';
import type {
  AssistantExit,
  CallOutcome,
  Dialling,
  Exit,
  HumanExit,
  NobodyExit,
  ResumeCause,
  CallStateMachine,
} from '../call-state.js';
import type { MediaSession } from '../media/media-session.js';
import { announcement } from '../announcement.js';
import { isPhoneNumber } from './dial.js';
import { watchDial } from './dial-monitor.js';
import { Goodbye, type GoodbyeEnd, heard } from './goodbye.js';
import { type DialResult, HumanTransfer, type HumanTransferServices } from './human-transfer.js';
import type { CallFacts } from '../call-facts.js';
import { type CallerMessageServices, CallerMessages } from './caller-messages.js';
import type { FailedDial } from './failed-dial-policy.js';
import { PATHS } from '../paths.js';
import { Voicemail } from './voicemail.js';

export interface DepartureServices extends HumanTransferServices, CallerMessageServices {
  clock: Clock;
  metrics: Metrics;
  /** Asks Twilio about a call; undefined: without credentials nobody can. */
  isOverAtTwilio: ((callSid: string) => Promise<boolean | undefined>) | undefined;
}

/** What a departure needs of its call. */
export interface DepartureOwner {
  /** The call goes on in a new stream. */
  resume(exit: AssistantExit): readonly Verb[];
  /** What Twilio is to do as things stand. */
  currentAnswer(): Answer;
  end(outcome: CallOutcome): void;
}

export type Answer = readonly Verb[] | Promise<readonly Verb[]>;

/** After a stream ended Twilio asks for the next TwiML at once; its own limit for one webhook is 15 s with retries. */
const QUESTION_EXPECTED_MS = 30_000;
/** The caller is gone; Twilio may tell how the dial ended, or not. */
const LATE_RESULT_MS = 15_000;
/** So often a broken stream is replaced before the caller goes to a human. */
const MAX_RESUMES = 2;

/** Causes that count: whose streams keep breaking is not helped by another one. */
const BROKEN: ReadonlySet<ResumeCause> = new Set(['stream_lost', 'stream_refused', 'instance_lost']);

/** How one call leaves its stream, and everything that follows: the goodbye, the dial and its result. */
export class Departure {
  readonly transfer: HumanTransfer;
  readonly messages: CallerMessages;
  /** Voicemail, and callbacks that are promised. */
  readonly voicemail: Voicemail;
  private readonly call: CallFacts;
  private readonly machine: CallStateMachine;
  private readonly services: DepartureServices;
  private readonly owner: DepartureOwner;
  private sayCount = 0;
  private resumeCount: number;
  private goodbye: Goodbye | undefined;
  private isVoiceLost = false;
  /** What the called leg was told last. */
  private whispered: PreparedHandover | undefined;
  /** The called leg of the last dial that is over. */
  private lastLeg = '';
  /** Settles when it is known what became of telling Twilio over REST to dial. */
  private redirected: Promise<void> = Promise.resolve();

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
    const { call, messages, owner, services, machine } = this;
    this.voicemail = new Voicemail({ call, machine, messages, services, end: (outcome) => owner.end(outcome) });
  }

  toHuman(escalation: Escalation, line: string): void {
    const nobodyThere = this.services.connectPhoneNumber === undefined;
    const session = 'media' in this.machine.state ? { session: this.machine.state.media.session } : {};
    this.leave(
      this.transfer.begin(escalation, session),
      nobodyThere ? this.call.assistant.prompt.lines.oneMoment : line,
    );
  }

  /** Says `line` as the last thing on this stream; then `exit` is taken. */
  private leave(exit: HumanExit, line: string): void {
    if (this.machine.state.name !== 'talking') return;
    const { media: current } = this.machine.state;
    this.machine.enter({ name: 'leaving', media: current, exit });
    const goodbye = this.beginGoodbye(current);
    current.conversation.leave(line, goodbye.sayId);
    void Promise.all([goodbye.end, exit.prepared, exit.reach]).then(([end, prepared, reach]) => {
      if (this.machine.state.name !== 'leaving' || this.machine.state.exit !== exit) return;
      this.goodbye = undefined;
      if (end === 'unsaid') exit.announce = line;
      if (reach === 'reachable' && this.transfer.goesByRest) this.redirect(exit, prepared);
      else this.part(exit);
    });
  }

  /**
   * The call is to end: the assistant has said goodbye itself, or `line` is said. It ends once the caller has heard that; whoever
   * talks over it is talked to on, and when the stream breaks under it Twilio says it.
   */
  endCall(outcome: CallOutcome, line?: string): void {
    if (this.machine.state.name !== 'talking') return;
    const { media: current } = this.machine.state;
    const exit: NobodyExit = {
      to: 'nobody',
      outcome,
      announce: line ?? this.call.assistant.prompt.lines.silentGoodbye,
    };
    this.machine.enter({ name: 'leaving', media: current, exit });
    this.isVoiceLost = false;
    const end = line === undefined ? heard(current.playback) : this.sayGoodbye(current, line);
    void end.then((end) => {
      if (this.machine.state.name !== 'leaving' || this.machine.state.exit !== exit) return;
      if (end === 'heard') exit.announce = undefined;
      if (end === 'cut') this.stay();
      else this.part(exit);
    });
  }

  /** The caller has something to say after all: a call that was about to end with nobody goes on. */
  stay(): void {
    const { state } = this.machine;
    if (state.name !== 'leaving' || state.exit.to !== 'nobody') return;
    this.forgetGoodbye();
    if (this.isVoiceLost) this.part(this.failureExit());
    else this.machine.enter({ name: 'talking', media: state.media });
  }

  /** A line was given whole, or could not be. */
  onSaid(status: ResponseStatus, sayId: string): void {
    if (this.goodbye?.sayId === sayId) this.goodbye.onSaid(status);
  }

  /** Nobody is left to say the goodbye, or to go on if the call does. */
  onVoiceLost(): void {
    this.isVoiceLost = true;
    this.goodbye?.cancel();
  }

  /** The stream is over. If Twilio does not ask what now, the caller has hung up. */
  part(exit: Exit): void {
    const wasLive = this.machine.isLive;
    const expires = this.services.clock.setTimer(QUESTION_EXPECTED_MS, () => {
      this.owner.end(exit.to === 'nobody' ? exit.outcome : 'caller_hung_up');
    });
    this.machine.enter({ name: 'parted', exit, expires });
    this.forgetGoodbye();
    if (wasLive) this.services.metrics.activeSessions.dec();
  }

  partAndLeave(exit: Exit): Answer {
    this.part(exit);
    return this.leaveBy(exit);
  }

  leaveBy(exit: Exit): Answer {
    switch (exit.to) {
      case 'human':
        return this.dial(exit);
      case 'assistant':
        if (!BROKEN.has(exit.cause)) return this.owner.resume(exit);
        // Streams that keep breaking: a human goes on.
        return this.mayResume() ? this.owner.resume(exit) : this.partAndLeave(this.failureExit());
      case 'voicemail':
        return this.voicemail.record();
      case 'callback':
        return this.voicemail.promiseCallback();
      case 'nobody':
        this.owner.end(exit.outcome);
        return [...this.announcement(exit.announce), { verb: 'hangup' }];
    }
  }

  /** Whether a stream that broke, or never came, is replaced once more; counts. */
  mayResume(): boolean {
    return this.resumeCount++ < MAX_RESUMES;
  }

  /** So often a broken stream was replaced. */
  get resumes(): number {
    return this.resumeCount;
  }

  /** The dial that another instance began. */
  resumeDialling(prepared: PreparedHandover | undefined): void {
    const dial = this.transfer.verb(prepared);
    this.enterDialling({ prepared, verbs: dial === undefined ? [{ verb: 'hangup' }] : [dial] }, 'twiml');
  }

  /** The assistant cannot go on: a human does, and TwiML says so because the voice is gone. */
  failureExit(): HumanExit {
    const escalation: Escalation = { trigger: 'failure', reason: 'assistant_failed' };
    return this.transfer.begin(escalation, { announce: this.call.assistant.prompt.lines.assistantFailed });
  }

  private beginGoodbye({ playback, session }: MediaSession): Goodbye {
    const sayId = `goodbye-${this.sayCount++}`;
    const { clock } = this.services;
    this.goodbye = new Goodbye({ sayId, clock, playback, waitsMs: session.callerWaitsMs ?? 0 });
    return this.goodbye;
  }

  /** The session says it like anything else: the caller may talk over it. */
  private sayGoodbye(current: MediaSession, line: string): Promise<GoodbyeEnd> {
    const goodbye = this.beginGoodbye(current);
    current.conversation.say(line, goodbye.sayId);
    return goodbye.end;
  }

  private forgetGoodbye(): void {
    this.goodbye?.cancel();
    this.goodbye = undefined;
  }

  /** The call is over. */
  close(): void {
    this.forgetGoodbye();
    this.transfer.close();
  }

  /** Settles once no change over REST is under way. */
  settled(): Promise<void> {
    return this.redirected;
  }

  /** The called leg is still to be told the token. */
  get owesWhisper(): boolean {
    const { state } = this.machine;
    return state.name === 'dialling' && state.prepared !== undefined && this.whispered !== state.prepared;
  }

  /** The called leg has answered and asks what to play to it alone; the question may come again when its dial is over. */
  async whisper({ callSid: leg }: VoiceWebhook): Promise<readonly Verb[]> {
    if (leg === this.lastLeg) return [];
    if (this.machine.state.name === 'parted' || this.machine.state.name === 'ringing') await this.joinDial();
    if (this.machine.state.name !== 'dialling' && this.machine.state.name !== 'redirecting') return [];
    const { prepared } = this.machine.state;
    this.whispered = prepared;
    return prepared === undefined ? [] : [this.transfer.whisper(prepared)];
  }

  /** An instance that did not know what is known here put the caller through: whoever takes the call gets the context from here. */
  private async joinDial(): Promise<void> {
    const { state } = this.machine;
    const exit = state.name === 'parted' && state.exit.to === 'human' ? state.exit : this.failureExit();
    if (state.name !== 'parted' || state.exit !== exit) this.part(exit);
    const prepared = await exit.prepared;
    if (this.machine.state.name === 'parted' && this.machine.state.exit === exit) this.resumeDialling(prepared);
  }

  /** A status callback of the called leg. */
  onLegStatus({ callStatus, form }: VoiceWebhook): void {
    if (this.machine.state.name !== 'dialling' || callStatus !== 'completed') return;
    this.machine.enter({ ...this.machine.state, legSeconds: Number(form.get('CallDuration') ?? '0') });
  }

  /** `<Dial action>`: the dial is over. */
  afterDial(webhook: VoiceWebhook): Answer {
    const leg = webhook.form.get('DialCallSid') ?? '';
    const isToldAgain = leg !== '' && leg === this.lastLeg;
    this.lastLeg = leg;
    // The result overtakes Twilio's answer over REST: the change was taken.
    if (this.machine.state.name === 'redirecting') this.enterDialling(this.machine.state, 'rest');
    if (this.machine.state.name !== 'dialling') return this.dialledElsewhere(webhook);
    return isToldAgain ? this.owner.currentAnswer() : this.afterResult(this.transfer.judge(webhook));
  }

  /** An instance that did not know what is known here put the caller through. */
  private dialledElsewhere({ form }: VoiceWebhook): Answer {
    // Whoever has talked to a human is not to begin again with the assistant.
    if (form.get('DialBridged') === 'true') return this.afterResult({ is: 'bridged' });
    const { state } = this.machine;
    if (state.name === 'parted' && state.exit.to === 'nobody')
      state.exit.announce ??= this.call.assistant.prompt.lines.noHuman;
    return this.owner.currentAnswer();
  }

  /** The TwiML that held the call has run to its end, so what was sent over REST does not run. */
  afterHold(): Answer {
    if (this.machine.state.name === 'dialling') this.machine.enter({ ...this.machine.state, by: 'twiml' });
    return this.owner.currentAnswer();
  }

  /** Twilio could not get or use an answer of ours; `failedPath` is what it had asked. */
  afterFallback(failedPath: string): Answer {
    if (this.machine.state.name !== 'dialling' || failedPath !== PATHS.dialResult) return this.owner.currentAnswer();
    return this.afterResult(this.transfer.judgeLost(this.machine.state.legSeconds));
  }

  /** The call is over at Twilio; while a dial runs, its own result says more and is on its way. */
  onCallOver(): void {
    if (this.machine.state.name !== 'dialling') return this.owner.end('caller_hung_up');
    const expires = this.services.clock.setTimer(LATE_RESULT_MS, () => this.owner.end('caller_hung_up'));
    this.machine.enter({ ...this.machine.state, expires });
  }

  /** Twilio is told over REST to dial; the stream stays open until it does. */
  private redirect(exit: HumanExit, prepared: PreparedHandover | undefined): void {
    const dial = this.transfer.verb(prepared);
    if (this.machine.state.name !== 'leaving' || dial === undefined) return this.part(exit);
    const verbs = [...this.announcement(exit.announce), dial];
    this.machine.enter({
      name: 'redirecting',
      media: this.machine.state.media,
      exit,
      prepared,
      verbs,
      isStopped: false,
    });
    this.redirected = this.transfer.redirect(verbs).then((result) => {
      // The dial's own requests may have told already, or the caller is gone.
      if (this.machine.state.name !== 'redirecting') return;
      const wasTaken = result === 'updated' || (result === 'unknown' && this.machine.state.isStopped);
      if (wasTaken) this.enterDialling(this.machine.state, 'rest');
      else this.part(exit);
    });
  }

  private async dial(exit: HumanExit): Promise<readonly Verb[]> {
    const [prepared, reach] = await Promise.all([exit.prepared, exit.reach]);
    // Meanwhile the caller may have gone, or Twilio have asked a second time.
    if (this.machine.state.name !== 'parted' || this.machine.state.exit !== exit) return this.owner.currentAnswer();
    const dial = reach === 'reachable' ? this.transfer.verb(prepared) : undefined;
    if (dial === undefined)
      return this.partAndLeave(this.exitAfterFailedDial(reach === 'closed' ? 'closed' : 'unavailable'));
    const verbs = [...this.announcement(exit.announce), dial];
    this.enterDialling({ prepared, verbs }, 'twiml');
    return verbs;
  }

  private enterDialling({ prepared, verbs }: Pick<Dialling, 'prepared' | 'verbs'>, by: Dialling['by']): void {
    const wasLive = this.machine.isLive;
    const { clock, isOverAtTwilio } = this.services;
    const expires = watchDial({
      clock,
      isOver: isOverAtTwilio && (() => isOverAtTwilio(this.call.callSid)),
      onOver: () => this.onCallOver(),
      onExpired: () => this.owner.end('abandoned'),
    });
    this.machine.enter({ name: 'dialling', prepared, verbs, by, legSeconds: undefined, expires });
    this.forgetGoodbye();
    if (wasLive) this.services.metrics.activeSessions.dec();
    this.transfer.noteDialling(prepared, by);
  }

  private afterResult(result: DialResult): Answer {
    if (result.is === 'failed') return this.partAndLeave(this.exitAfterFailedDial(result.as));
    this.owner.end(result.is === 'bridged' ? 'handed_over' : 'caller_hung_up');
    return [{ verb: 'hangup' }];
  }

  private exitAfterFailedDial(failed: FailedDial): Exit {
    const { nobodyFree, noHuman, oneMoment } = this.call.assistant.prompt.lines;
    switch (this.transfer.stepAfter(failed)) {
      case 'assistant':
        return { to: 'assistant', cause: 'dial_failed', opening: nobodyFree };
      case 'again':
        return this.transfer.again(oneMoment);
      case 'voicemail':
        return { to: 'voicemail' };
      case 'callback':
        // Nobody can be called back who withholds their number.
        return { to: isPhoneNumber(this.call.from) ? 'callback' : 'voicemail' };
      case 'goodbye':
        return { to: 'nobody', outcome: 'no_human', announce: noHuman };
    }
  }

  private announcement(text: string | undefined): Verb[] {
    return announcement(text, this.call.assistant.prompt);
  }
}

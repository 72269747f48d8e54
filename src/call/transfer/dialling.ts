import type { Clock } from '../../base/clock.js';
import type { PreparedHandover } from '../../handover/desk.js';
import type { UpdateResult } from '../../twilio/rest.js';
import type { Verb } from '../../twilio/twiml.js';
import type { VoiceWebhook } from '../../twilio/webhooks.js';
import { announcement } from '../announcement.js';
import type { CallFacts } from '../call-facts.js';
import type { CallOutcome, CallStateMachine, Dialling as DiallingState, ExitPlan, HumanExit } from '../call-state.js';
import { PATHS } from '../paths.js';
import { watchDial } from './dial-monitor.js';
import type { DialResult, HumanTransfer, HumanTransferServices } from './human-transfer.js';
import { type NotAsked, enterParted } from './parted.js';

export interface DiallingServices extends HumanTransferServices {
  clock: Clock;
  /** Asks Twilio whether a call is over. `undefined` without Twilio credentials. */
  isOverAtTwilio: ((callSid: string) => Promise<boolean | undefined>) | undefined;
}

/** What follows a request about the dial. */
export type DialStep =
  | { next: 'verbs'; verbs: readonly Verb[] }
  /** The dial failed, or never began: the call leaves by this plan. */
  | { next: 'exit'; plan: ExitPlan }
  /** The call is over. */
  | { next: 'end'; outcome: CallOutcome }
  /** The state has moved on, or has not changed: the answer is that of the present state. */
  | { next: 'unchanged' };

/** Maximum wait for the result of a dial once the caller is gone. Twilio may send it or not. */
const LATE_RESULT_MS = 15_000;

/**
 * One call's dial to an agent: Twilio is told to dial, the called leg hears the token, and the result comes back. Every
 * method returns what follows; the owner acts on it.
 */
export class Dialling {
  private readonly call: CallFacts;
  private readonly machine: CallStateMachine;
  private readonly transfer: HumanTransfer;
  private readonly services: DiallingServices;
  private readonly end: (outcome: CallOutcome) => void;
  private readonly notAsked: NotAsked;
  /** CallSid of the called leg of the last dial that is over. */
  private lastLegSid = '';

  constructor(options: {
    call: CallFacts;
    machine: CallStateMachine;
    transfer: HumanTransfer;
    services: DiallingServices;
    end: (outcome: CallOutcome) => void;
    notAsked: NotAsked;
  }) {
    this.call = options.call;
    this.machine = options.machine;
    this.transfer = options.transfer;
    this.services = options.services;
    this.end = options.end;
    this.notAsked = options.notAsked;
  }

  /** Answers Twilio with the dial, once the record is written. */
  async dial(exit: HumanExit): Promise<DialStep> {
    const [prepared, reach] = await Promise.all([exit.prepared, exit.reach]);
    const { state } = this.machine;
    // Meanwhile the caller may have hung up, or Twilio may have asked a second time.
    if (state.name !== 'parted' || state.exit !== exit) return { next: 'unchanged' };
    const dial = reach === 'reachable' ? this.transfer.verb(prepared) : undefined;
    if (dial === undefined) return this.failed(reach === 'closed' ? 'closed' : 'unavailable');
    const verbs = [...announcement(state.announce, this.call.assistant.prompt), dial];
    this.enter({ prepared, verbs, isWhispered: false }, 'twiml');
    return { next: 'verbs', verbs };
  }

  /** Tells Twilio over REST to dial. The stream stays open until Twilio stops it. */
  redirect({ announce, exit }: ExitPlan, prepared: PreparedHandover | undefined): void {
    const dial = this.transfer.verb(prepared);
    const { state } = this.machine;
    if (state.name !== 'leaving' || dial === undefined) {
      this.part({ exit, announce });
      return;
    }
    const { media } = state;
    const verbs = [...announcement(announce, this.call.assistant.prompt), dial];
    const settled = this.transfer.redirect(verbs).then((result) => this.onRedirected(result));
    const flags = { isStopped: false, isWhispered: false };
    this.machine.enter({ name: 'redirecting', media, exit, announce, prepared, verbs, settled, ...flags });
  }

  private onRedirected(result: UpdateResult): void {
    const { state } = this.machine;
    // A request from the dial itself may have come first, or the caller may have hung up.
    if (state.name !== 'redirecting') return;
    const wasTaken = result === 'updated' || (result === 'unknown' && state.isStopped);
    if (wasTaken) this.enter(state, 'rest');
    else this.part(state);
  }

  /** Resolves when no REST request of this dial is under way. */
  async settled(): Promise<void> {
    const { state } = this.machine;
    if (state.name === 'redirecting') await state.settled;
  }

  /** Takes over the dial that another instance began. `known` is what that instance had learnt of the called leg. */
  resume(
    prepared: PreparedHandover | undefined,
    known: {
      legSeconds?: number | undefined;
      lastLegSid?: string | undefined;
      isWhispered?: boolean | undefined;
    } = {},
  ): void {
    const dial = this.transfer.verb(prepared);
    const { isWhispered = false, lastLegSid = this.lastLegSid, legSeconds } = known;
    this.lastLegSid = lastLegSid;
    this.enter({ prepared, verbs: [dial ?? { verb: 'hangup' }], isWhispered, legSeconds }, 'twiml');
  }

  /** Whether the called leg still has to be given the token. */
  get owesWhisper(): boolean {
    const { state } = this.machine;
    return state.name === 'dialling' && state.prepared !== undefined && !state.isWhispered;
  }

  /**
   * The called leg has answered: returns what Twilio plays to it alone. Twilio may repeat this request after the dial is over;
   * then nothing is played.
   */
  async whisper({ callSid: legSid }: VoiceWebhook): Promise<readonly Verb[]> {
    if (legSid === this.lastLegSid) return [];
    await this.joinDial();
    const { state } = this.machine;
    if (state.name !== 'dialling' && state.name !== 'redirecting') return [];
    this.machine.enter({ ...state, isWhispered: true });
    if (state.prepared !== undefined) this.transfer.noteWhisper(state.prepared);
    return state.prepared === undefined ? [] : [this.transfer.whisper(state.prepared)];
  }

  /**
   * Takes part in a dial that an instance without this call's state began, so that the agent gets the context from here. Does
   * nothing in any other state.
   */
  private async joinDial(): Promise<void> {
    const { state } = this.machine;
    if (state.name !== 'parted' && state.name !== 'ringing') return;
    const exit = state.name === 'parted' && state.exit.to === 'human' ? state.exit : this.partToHuman();
    const prepared = await exit.prepared;
    const now = this.machine.state;
    if (now.name === 'parted' && now.exit === exit) this.resume(prepared);
  }

  /** Whether Twilio has reported the end of the called leg. */
  get isLegOver(): boolean {
    const { state } = this.machine;
    return state.name === 'dialling' && state.legSeconds !== undefined;
  }

  /** A called leg is over. It was connected for `legSeconds`. The report about the dial before may come late. */
  onLegOver({ legSeconds, legSid }: { legSid: string; legSeconds: number }): void {
    const { state } = this.machine;
    if (state.name === 'dialling' && legSid !== this.lastLegSid) this.machine.enter({ ...state, legSeconds });
  }

  /** The `<Dial action>` request: the dial is over. */
  afterDial(webhook: VoiceWebhook): DialStep {
    const legSid = webhook.form.get('DialCallSid') ?? '';
    const isRepeated = legSid !== '' && legSid === this.lastLegSid;
    this.lastLegSid = legSid;
    const { state } = this.machine;
    // The result can overtake Twilio's answer over REST. It shows that Twilio took the change.
    if (state.name === 'redirecting') this.enter(state, 'rest');
    if (this.machine.state.name !== 'dialling') return this.afterForeignDial(webhook);
    return isRepeated ? { next: 'unchanged' } : this.stepAfter(this.transfer.judge(webhook));
  }

  /** An instance without this call's state had put the caller through. */
  private afterForeignDial({ form }: VoiceWebhook): DialStep {
    // A caller who has talked to an agent must not meet the assistant again.
    if (form.get('DialBridged') === 'true') return this.stepAfter({ is: 'bridged' });
    const { state } = this.machine;
    if (state.name === 'parted' && state.exit.to === 'nobody')
      this.machine.enter({ ...state, announce: state.announce ?? this.call.assistant.prompt.lines.noHuman });
    return { next: 'unchanged' };
  }

  /** The TwiML that held the call has run to its end, so Twilio has dropped the change that was sent over REST. */
  afterHold(): void {
    const { state } = this.machine;
    if (state.name === 'dialling') this.machine.enter({ ...state, by: 'twiml' });
  }

  /** Twilio could not get or use our answer to `failedPath`. */
  afterFallback(failedPath: string, webhook: VoiceWebhook): DialStep {
    const { state } = this.machine;
    if (state.name !== 'dialling' || failedPath !== PATHS.dialResult) return { next: 'unchanged' };
    // No documentation says whether the request carries the fields of the one that failed. If it does, they say more.
    if (webhook.form.has('DialBridged')) return this.afterDial(webhook);
    return this.stepAfter(this.transfer.judgeLost(state.legSeconds));
  }

  /** The call is over at Twilio. While a dial runs, its own result says more and is on its way. */
  onCallOver(): void {
    const { state } = this.machine;
    if (state.name !== 'dialling') {
      this.end('caller_hung_up');
      return;
    }
    const expires = this.services.clock.setTimer(LATE_RESULT_MS, () => this.end('caller_hung_up'));
    this.machine.enter({ ...state, expires });
  }

  private stepAfter(result: DialResult): DialStep {
    if (result.is === 'failed') return this.failed(result.as);
    return { next: 'end', outcome: result.is === 'bridged' ? 'handed_over' : 'caller_hung_up' };
  }

  private failed(failure: Parameters<HumanTransfer['planAfter']>[0]): DialStep {
    return { next: 'exit', plan: this.transfer.planAfter(failure) };
  }

  private enter(
    {
      isWhispered,
      legSeconds,
      prepared,
      verbs,
    }: Pick<DiallingState, 'isWhispered' | 'prepared' | 'verbs'> & Partial<Pick<DiallingState, 'legSeconds'>>,
    by: DiallingState['by'],
  ): void {
    const { clock, isOverAtTwilio } = this.services;
    const expires = watchDial({
      clock,
      isOver: isOverAtTwilio && (() => isOverAtTwilio(this.call.callSid)),
      onOver: () => this.onCallOver(),
      onExpired: () => this.end('abandoned'),
    });
    this.machine.enter({
      name: 'dialling',
      prepared,
      verbs,
      by,
      isWhispered,
      legSeconds,
      lastLegSid: this.lastLegSid,
      expires,
    });
    this.transfer.noteDialling(prepared, by);
  }

  private partToHuman(): HumanExit {
    const plan = this.transfer.failurePlan();
    this.part(plan);
    return plan.exit;
  }

  private part(plan: ExitPlan): void {
    enterParted(plan, { clock: this.services.clock, machine: this.machine, notAsked: this.notAsked });
  }
}

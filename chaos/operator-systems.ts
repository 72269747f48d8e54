import type { ServerResponse } from 'node:http';
import { EventReceiver, type ReceivedEvent, parseReceiverFault } from '../sim/hooks/event-receiver.js';
import { type Clock, sleep } from '../src/base/clock.js';
import { CONTEXT_SECRET, ContextServer, LIES } from '../test/support/context-server.js';
import type { HookAct } from './plan.js';

const EVENTS_SECRET = 'chaos-events-secret-0123';

/** The operator's systems: the hook that is asked before a call, and the receiver that is told of it afterwards. */
export class OperatorSystems {
  /** What the hook does for each live call, by the caller's number. */
  readonly acts = new Map<string, HookAct>();
  private readonly clock: Clock;
  private readonly hook: ContextServer;
  private readonly receiver: EventReceiver;

  private constructor(clock: Clock, hook: ContextServer, receiver: EventReceiver) {
    this.clock = clock;
    this.hook = hook;
    this.receiver = receiver;
    hook.answer = (response, question) => {
      // A run asks thousands.
      hook.questions.length = 0;
      void this.answer(this.acts.get(String(question['from'])) ?? { type: 'knows' }, response);
    };
  }

  /** `onTaken` is called with each event that the receiver takes, and returns whether to keep it. */
  static async start(clock: Clock, onTaken: (event: ReceivedEvent) => boolean): Promise<OperatorSystems> {
    const receiver: EventReceiver = new EventReceiver({
      secret: EVENTS_SECRET,
      clock,
      onTaken: (event) => {
        if (!onTaken(event)) receiver.forget(event.call.call_sid);
      },
    });
    return new OperatorSystems(clock, await ContextServer.start(clock), await receiver.start());
  }

  /** The port of the receiver. */
  get receiverPort(): number {
    return this.receiver.port;
  }

  /** What the receiver or the hook had to refuse, which it never should. */
  get refusals(): readonly string[] {
    return [...this.hook.refusals, ...this.receiver.refusals];
  }

  /** Settings of a gateway that reaches the receiver at a port of its own. */
  settings(port: number): Record<string, string> {
    return {
      CALL_CONTEXT_URL: this.hook.url,
      CALL_CONTEXT_SECRET: CONTEXT_SECRET,
      CALL_EVENTS_URL: `http://127.0.0.1:${port}/call-events`,
      CALL_EVENTS_SECRET: EVENTS_SECRET,
      CALL_EVENTS_MAX_TRIES: '40',
    };
  }

  fail(fault: string): void {
    const planned = parseReceiverFault(fault);
    if (planned !== undefined) this.receiver.plan(planned.fault, planned.times);
  }

  async beDown(ms: number): Promise<void> {
    this.receiver.plan({ type: 'reset' }, Infinity);
    await sleep(this.clock, ms);
    this.receiver.heal();
  }

  forget(callSid: string): void {
    this.receiver.forget(callSid);
  }

  async close(): Promise<void> {
    await this.hook.close();
    await this.receiver.close();
  }

  private async answer(act: HookAct, response: ServerResponse): Promise<void> {
    const known = JSON.stringify({ variables: { customer_name: 'Ada Byron', plan: 'gold' } });
    switch (act.type) {
      case 'knows':
        response.end(known);
        return;
      case 'silent':
        return;
      case 'down':
        response.socket?.resetAndDestroy();
        return;
      case 'slow':
        await sleep(this.clock, act.ms);
        response.end(known);
        return;
      case 'lies': {
        const [, , lie] = LIES[act.which % LIES.length] ?? [];
        if (typeof lie === 'function') lie(response, {});
        else response.end('{}');
      }
    }
  }
}

import {
  type BedrockRuntimeClient,
  InvokeModelWithBidirectionalStreamCommand,
  type InvokeModelWithBidirectionalStreamOutput,
} from '@aws-sdk/client-bedrock-runtime';
import type { Clock, Timer } from '../../base/clock.js';
import type { TandemError } from '../../base/errors.js';
import { endedByItself, novaError, stalled } from './failure.js';
import type { InputQueue } from './input-queue.js';

/** Maximum time for the service to end its side after the gateway ended its own. */
const CLOSE_WITHIN_MS = 1000;

export interface ConnectionOptions {
  client: BedrockRuntimeClient;
  modelId: string;
  /** Must hold its first events already, because the service sends nothing before it has them. */
  queue: InputQueue;
  clock: Clock;
  openTimeoutMs: number;
  /** Called when the request is signed and goes out. Credentials may take seconds to find. */
  onSending: () => void;
  /** Called when the service has accepted the request, or {@link Connection.assumeAccepted} was called. */
  onAccepted: () => void;
  onOutput: (bytes: Uint8Array) => void;
  /** Called once, as the last event, but not after {@link Connection.end} or {@link Connection.abort}. */
  onFailure: (error: TandemError) => void;
  /** Called once when the connection has released everything, however it ended. */
  onGone: () => void;
}

type State =
  | { name: 'opening'; deadline: Timer }
  | { name: 'open' }
  /** The gateway has ended its side. */
  | { name: 'ending'; deadline: Timer }
  | { name: 'gone' };

/**
 * One `InvokeModelWithBidirectionalStream` request over an HTTP/2 connection of its own. Only the abort signal ends it.
 * Neither `client.destroy()` nor leaving the loop over its output does.
 */
export class Connection {
  private readonly options: ConnectionOptions;
  private readonly abortion = new AbortController();
  /** Whether the service has sent anything. */
  private hasResponse = false;
  private state: State;

  constructor(options: ConnectionOptions) {
    this.options = options;
    const { clock, openTimeoutMs } = options;
    this.state = {
      name: 'opening',
      deadline: clock.setTimer(openTimeoutMs, () => this.fail(stalled('did not accept the session in time'))),
    };
    void this.run();
  }

  /** Sends what the queue holds, if the request was accepted, and waits a moment for the service to end its side. */
  end(): void {
    if (this.state.name !== 'open') {
      this.abort();
      return;
    }
    this.options.queue.end();
    this.state = { name: 'ending', deadline: this.options.clock.setTimer(CLOSE_WITHIN_MS, () => this.abort()) };
  }

  abort(): void {
    if (this.state.name === 'gone') return;
    if ('deadline' in this.state) this.state.deadline.cancel();
    this.state = { name: 'gone' };
    this.options.queue.abort();
    this.abortion.abort();
    this.options.onGone();
  }

  /**
   * Takes the request as accepted without a response. The service may send even the head of its response only with its
   * first output, and a session in which neither side speaks has none.
   */
  assumeAccepted(): void {
    this.accepted();
  }

  private async run(): Promise<void> {
    try {
      await this.exchange();
      this.fail(endedByItself());
    } catch (error) {
      this.fail(novaError(error, { inSession: this.hasResponse }));
    }
  }

  private async exchange(): Promise<void> {
    const { client, modelId, queue } = this.options;
    const command = new InvokeModelWithBidirectionalStreamCommand({ modelId, body: queue });
    // `send` resolves only with the first output, which may come after a whole greeting. The response's headers come
    // earlier.
    command.middlewareStack.add(
      (next) => async (args) => {
        if (this.state.name === 'opening') this.options.onSending();
        const result = await next(args);
        if ((result.response as { statusCode?: unknown } | undefined)?.statusCode === 200) this.responded();
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'noticeAcceptance' },
    );
    const { body } = await client.send(command, { abortSignal: this.abortion.signal });
    if (body === undefined) return;
    for await (const output of body) {
      this.responded();
      this.take(output);
      if (this.state.name === 'gone') return;
    }
  }

  private take(output: InvokeModelWithBidirectionalStreamOutput): void {
    const bytes = output.chunk?.bytes;
    if (bytes !== undefined && this.state.name === 'open') this.options.onOutput(bytes);
  }

  private responded(): void {
    this.hasResponse = true;
    this.accepted();
  }

  private accepted(): void {
    if (this.state.name !== 'opening') return;
    this.state.deadline.cancel();
    this.state = { name: 'open' };
    this.options.onAccepted();
  }

  private fail(error: TandemError): void {
    const wasOurs = this.state.name === 'ending' || this.state.name === 'gone';
    this.abort();
    if (!wasOurs) this.options.onFailure(error);
  }
}

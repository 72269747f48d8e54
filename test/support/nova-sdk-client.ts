import {
  BedrockRuntimeClient,
  type InvokeModelWithBidirectionalStreamInput,
  InvokeModelWithBidirectionalStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { SIMULATED_CREDENTIALS } from '../../sim/nova/options.js';
import { NovaClient } from './nova-client.js';

/** For tests of the simulated Nova: a client that uses the official SDK. */
export class SdkClient extends NovaClient {
  /** Resolves with how the conversation ended for the application. */
  readonly outcome: Promise<'clean' | Error>;
  private readonly abort = new AbortController();
  private readonly queue: string[] = [];
  private wake: () => void = () => undefined;
  private finished = false;

  constructor(client: BedrockRuntimeClient, modelId = 'amazon.nova-2-sonic-v1:0') {
    super();
    this.outcome = this.run(client, modelId).then(
      () => 'clean' as const,
      (error: Error) => error,
    );
  }

  sendJson(json: string): void {
    this.queue.push(json);
    this.wake();
  }

  finish(): void {
    this.finished = true;
    this.wake();
  }

  close(): void {
    this.finish();
    this.abort.abort();
  }

  private async run(client: BedrockRuntimeClient, modelId: string): Promise<void> {
    const command = new InvokeModelWithBidirectionalStreamCommand({ modelId, body: this.input() });
    const { body } = await client.send(command, { abortSignal: this.abort.signal });
    for await (const { chunk } of body ?? [])
      if (chunk?.bytes !== undefined) this.take(Buffer.from(chunk.bytes).toString());
  }

  private async *input(): AsyncGenerator<InvokeModelWithBidirectionalStreamInput> {
    for (;;) {
      const json = this.queue.shift();
      if (json !== undefined) yield { chunk: { bytes: Buffer.from(json) } };
      else if (this.finished) return;
      else
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
    }
  }
}

export function sdkOf(url: string, credentials = SIMULATED_CREDENTIALS): BedrockRuntimeClient {
  return new BedrockRuntimeClient({ region: 'us-east-1', endpoint: url, credentials });
}

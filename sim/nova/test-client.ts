import { randomUUID } from 'node:crypto';
import { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders, connect } from 'node:http2';
import {
  BedrockRuntimeClient,
  type InvokeModelWithBidirectionalStreamInput,
  InvokeModelWithBidirectionalStreamCommand,
} from '@aws-sdk/client-bedrock-runtime';
import { MessageSplitter, decodeChunk, decodeException, encodeChunk, encodeSignedFrame } from './event-stream.js';
import { SIMULATED_CREDENTIALS } from './options.js';
import { pcmBytes } from './rate.js';
import { type Credentials, STREAMED_PAYLOAD, SignatureChain, amzDate, requestSignature, signingKey } from './sigv4.js';

export interface Received {
  name: string;
  body: Record<string, unknown>;
}

export const PROMPT = 'prompt-1';
export const AUDIO = 'audio-1';
const LPCM = {
  mediaType: 'audio/lpcm',
  sampleRateHertz: 8000,
  sampleSizeBits: 16,
  channelCount: 1,
  encoding: 'base64',
  audioType: 'SPEECH',
};

/** What a client says in a session, whatever carries it. */
export abstract class NovaClient {
  readonly received: Received[] = [];

  abstract sendJson(json: string): void;

  send(name: string, body: Record<string, unknown>): void {
    this.sendJson(JSON.stringify({ event: { [name]: body } }));
  }

  startSession(extra: Record<string, unknown> = {}): void {
    const inferenceConfiguration = { maxTokens: 1024, topP: 0.9, temperature: 0.7 };
    this.send('sessionStart', {
      inferenceConfiguration,
      turnDetectionConfiguration: { endpointingSensitivity: 'HIGH' },
      ...extra,
    });
  }

  startPrompt(extra: Record<string, unknown> = {}, audio: Record<string, unknown> = {}): void {
    this.send('promptStart', {
      promptName: PROMPT,
      textOutputConfiguration: { mediaType: 'text/plain' },
      audioOutputConfiguration: { ...LPCM, voiceId: 'matthew', ...audio },
      ...extra,
    });
  }

  startText(role: string, interactive = false, contentName: string = randomUUID()): string {
    const textInputConfiguration = { mediaType: 'text/plain' };
    this.send('contentStart', {
      promptName: PROMPT,
      contentName,
      type: 'TEXT',
      interactive,
      role,
      textInputConfiguration,
    });
    return contentName;
  }

  text(role: string, content: string, interactive = false): void {
    const contentName = this.startText(role, interactive);
    this.send('textInput', { promptName: PROMPT, contentName, content });
    this.endContent(contentName);
  }

  startAudio(extra: Record<string, unknown> = {}, contentName = AUDIO): void {
    this.send('contentStart', {
      promptName: PROMPT,
      contentName,
      type: 'AUDIO',
      interactive: true,
      role: 'USER',
      audioInputConfiguration: { ...LPCM, ...extra },
    });
  }

  audio(content: string): void {
    this.send('audioInput', { promptName: PROMPT, contentName: AUDIO, content });
  }

  silence(ms: number): void {
    this.frames(ms, 0);
  }

  speech(ms: number): void {
    this.frames(ms, 6000);
  }

  startToolResult(toolUseId: string, contentName: string = randomUUID()): string {
    this.send('contentStart', {
      promptName: PROMPT,
      contentName,
      interactive: false,
      type: 'TOOL',
      role: 'TOOL',
      toolResultInputConfiguration: {
        toolUseId,
        type: 'TEXT',
        textInputConfiguration: { mediaType: 'text/plain' },
      },
    });
    return contentName;
  }

  toolResult(toolUseId: string, content: string): void {
    const contentName = this.startToolResult(toolUseId);
    this.send('toolResult', { promptName: PROMPT, contentName, content });
    this.endContent(contentName);
  }

  endContent(contentName: string): void {
    this.send('contentEnd', { promptName: PROMPT, contentName });
  }

  /** Up to where audio may flow. */
  begin(options: { tools?: readonly string[]; instructions?: string } = {}): void {
    this.startSession();
    const tools = options.tools?.map((name) => toolSpec(name));
    const toolFields = { toolUseOutputConfiguration: { mediaType: 'application/json' }, toolConfiguration: { tools } };
    this.startPrompt(tools === undefined ? {} : toolFields);
    this.text('SYSTEM', options.instructions ?? 'You are a kind assistant.');
    this.startAudio();
  }

  leave(): void {
    this.endContent(AUDIO);
    this.send('promptEnd', { promptName: PROMPT });
    this.send('sessionEnd', {});
  }

  named(name: string): Record<string, unknown>[] {
    return this.received.filter((event) => event.name === name).map(({ body }) => body);
  }

  /** The text blocks in order, as `ROLE STAGE text (stop reason)`. */
  get texts(): string[] {
    return this.named('contentEnd')
      .filter(({ type }) => type === 'TEXT')
      .map(({ contentId, stopReason }) => {
        const of = (name: string) => this.named(name).find((body) => body['contentId'] === contentId) ?? {};
        const { additionalModelFields, role } = of('contentStart');
        const { generationStage } = JSON.parse(String(additionalModelFields)) as { generationStage: string };
        return `${String(role)} ${generationStage} ${String(of('textOutput')['content'] ?? '-')} (${String(stopReason)})`;
      });
  }

  protected take(json: string): void {
    const { event } = JSON.parse(json) as { event: Record<string, Record<string, unknown>> };
    for (const [name, body] of Object.entries(event)) this.received.push({ name, body });
  }

  private frames(ms: number, amplitude: number): void {
    const pcm = new Int16Array(160);
    for (let i = 0; i < pcm.length; i++) pcm[i] = amplitude * Math.sin(i);
    const content = pcmBytes(pcm).toString('base64');
    for (let at = 0; at < ms; at += 20) this.audio(content);
  }
}

export function toolSpec(name: string, json = '{"type":"object","properties":{}}'): Record<string, unknown> {
  return { toolSpec: { name, description: `Does ${name}.`, inputSchema: { json } } };
}

export interface WireOptions {
  modelId?: string;
  credentials?: Credentials;
  region?: string;
  service?: string;
  /** Laid over the headers, after they were signed. */
  headers?: OutgoingHttpHeaders;
  /** Other signed headers than the usual ones. */
  signedHeaders?: string[];
  path?: string;
}

/** Speaks the protocol byte for byte over HTTP/2, right or wrong. */
export class WireClient extends NovaClient {
  status = 0;
  responseHeaders: Record<string, unknown> = {};
  exception: { type: string; message: string } | undefined;
  /** Of an answer that is no stream. */
  errorBody = '';
  readonly undecodable: string[] = [];
  readonly paddings = new Set<number>();
  readonly ended: Promise<void>;
  /** Corrupts the next event's signature. */
  spoilNext = false;
  private readonly session: ClientHttp2Session;
  private readonly stream: ClientHttp2Stream;
  private readonly chain: SignatureChain;
  private readonly splitter = new MessageSplitter();

  constructor(url: string, options: WireOptions = {}) {
    super();
    const credentials = options.credentials ?? SIMULATED_CREDENTIALS;
    const now = new Date();
    const scope = {
      date: amzDate(now).slice(0, 8),
      region: options.region ?? 'us-east-1',
      service: options.service ?? 'bedrock',
    };
    const modelId = encodeURIComponent(options.modelId ?? 'amazon.nova-2-sonic-v1:0');
    const path = options.path ?? `/model/${modelId}/invoke-with-bidirectional-stream`;
    const headers = {
      ':method': 'POST',
      ':path': path,
      ':authority': new URL(url).host,
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amz-content-sha256': STREAMED_PAYLOAD,
      'x-amz-date': amzDate(now),
      ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
    };
    const signedHeaders =
      options.signedHeaders ??
      Object.keys(headers)
        .filter((name) => !/^:(method|path)$/.test(name))
        .sort();
    const key = signingKey(credentials.secretAccessKey, scope);
    const signature = requestSignature(key, {
      method: 'POST',
      path,
      headers,
      signedHeaders,
      amzDate: amzDate(now),
      scope,
    });
    const credential = `${credentials.accessKeyId}/${scope.date}/${scope.region}/${scope.service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
    this.chain = new SignatureChain(key, scope, signature);
    this.session = connect(url);
    this.session.on('error', () => undefined);
    this.stream = this.session.request({ ...headers, authorization, ...options.headers });
    this.stream.on('error', () => undefined);
    this.stream.on('response', (response) => {
      this.status = Number(response[':status']);
      this.responseHeaders = { ...response };
    });
    this.stream.on('data', (bytes: Buffer) => this.onBytes(bytes));
    this.ended = new Promise((resolve) => {
      this.stream.on('end', () => resolve());
      this.stream.on('close', () => resolve());
    });
  }

  sendJson(json: string): void {
    this.sendInner(encodeChunk(json));
  }

  sendInner(inner: Uint8Array): void {
    const date = new Date();
    const signature = this.chain.next(date, inner);
    const sent = this.spoilNext ? signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) : signature;
    this.spoilNext = false;
    this.sendBytes(encodeSignedFrame({ date, signature: sent, inner }));
  }

  sendBytes(bytes: Uint8Array): void {
    if (!this.stream.destroyed && !this.stream.writableEnded) this.stream.write(bytes);
  }

  /** The empty frame that ends the input. */
  finish(): void {
    this.sendInner(new Uint8Array(0));
    this.stream.end();
  }

  /** Ends the input without it. */
  endRudely(): void {
    this.stream.end();
  }

  close(): void {
    this.session.destroy();
  }

  private onBytes(bytes: Buffer): void {
    if (this.status !== 200) {
      this.errorBody += bytes.toString();
      return;
    }
    for (const message of this.splitter.push(bytes) ?? []) {
      const exception = decodeException(message);
      const json = decodeChunk(message);
      if (exception !== undefined) this.exception = exception;
      else if (json === undefined) this.undecodable.push('not a chunk');
      else this.tryTake(json, message);
    }
  }

  private tryTake(json: string, message: Buffer): void {
    this.paddings.add(/"p":"(\w*)"/.exec(message.toString('latin1'))?.[1]?.length ?? -1);
    try {
      this.take(json);
    } catch {
      this.undecodable.push(json);
    }
  }
}

/** The same through the official client. */
export class SdkClient extends NovaClient {
  /** How the conversation ended for the application. */
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

import { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders, connect } from 'node:http2';
import {
  MessageSplitter,
  decodeChunk,
  decodeException,
  encodeChunk,
  encodeSignedFrame,
} from '../../sim/nova/event-stream.js';
import { SIMULATED_CREDENTIALS } from '../../sim/nova/options.js';
import {
  type Credentials,
  STREAMED_PAYLOAD,
  SignatureChain,
  amzDate,
  requestSignature,
  signingKey,
} from '../../sim/nova/sigv4.js';
import { NovaClient } from './nova-client.js';

// For tests of the simulated Nova: the protocol byte for byte over HTTP/2, right or wrong.

export interface WireOptions {
  modelId?: string;
  credentials?: Credentials;
  region?: string;
  service?: string;
  /** Headers set after signing. */
  headers?: OutgoingHttpHeaders;
  /** Replaces the usual list of signed headers. */
  signedHeaders?: string[];
  path?: string;
}

/** A client that writes and signs every byte of the protocol itself. */
export class WireClient extends NovaClient {
  status = 0;
  responseHeaders: Record<string, unknown> = {};
  exception: { type: string; message: string } | undefined;
  /** Body of an answer that is not a stream. */
  errorBody = '';
  readonly undecodable: string[] = [];
  readonly paddings = new Set<number>();
  readonly ended: Promise<void>;
  /** Number of events sent so far. */
  sent = 0;
  /** Whether to corrupt the next event's signature. */
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
      payload: STREAMED_PAYLOAD,
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
    this.sent++;
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

  /** Sends the empty frame that ends the input. */
  finish(): void {
    this.sendInner(new Uint8Array(0));
    this.stream.end();
  }

  /** Ends the input without the empty frame. */
  endRudely(): void {
    this.stream.end();
  }

  /** Resolves when everything that the server has sent before has arrived. */
  answered(): Promise<void> {
    return new Promise((resolve) => {
      this.session.ping(() => resolve());
    });
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

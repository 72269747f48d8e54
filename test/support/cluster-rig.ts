import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import type { CarrierCall } from '../../sim/twilio/carrier-call.js';
import { Carrier } from '../../sim/twilio/carrier.js';
import { signStream } from '../../sim/twilio/signing.js';
import { within } from './deadline.js';
import { NO_LINES } from './no-lines.js';
import { AUTH_TOKEN, PUBLIC_HOST, until } from './rig.js';

/** For tests of the cluster: `npm run cluster` with the scripted model and a simulated carrier, in real time. */
export class ClusterRig {
  readonly lines: Record<string, unknown>[] = [];
  /** What the cluster has written to standard error for the operator. */
  words = '';
  private readonly child: ChildProcess;
  private readonly carrier: Carrier;
  private readonly calls: ClusterCall[] = [];

  private constructor(workers: number, env: Record<string, string>) {
    const main = new URL('../../src/cluster.js', import.meta.url).pathname;
    this.child = spawn(process.execPath, ['--enable-source-maps', main, String(workers)], {
      env: {
        ENV_FILE: 'none',
        PORT: '0',
        HOST: '127.0.0.1',
        PUBLIC_HOST,
        TWILIO_AUTH_TOKEN: AUTH_TOKEN,
        USE_LOCAL_DYNAMODB: 'true',
        EXTENSIONS: ['cluster-voice.js', 'standing-still.js']
          .map((name) => new URL(name, import.meta.url).pathname)
          .join(','),
        VOICE_PROVIDER: 'scripted',
        ...NO_LINES,
        MAX_LOOP_DELAY_MS: '0',
        DRAIN_SECONDS: '1',
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stderr, stdout } = this.child;
    if (stdout !== null) createInterface(stdout).on('line', (line) => this.lines.push(parsed(line)));
    stderr?.on('data', (data: Buffer) => (this.words += data.toString()));
    this.carrier = new Carrier({
      accountSid: `AC${'1'.repeat(32)}`,
      authToken: AUTH_TOKEN,
      resolve: () => this.base,
      // The dialled number always answers.
      phoneBook: () => ({ ring: (leg) => leg.answer() }),
    });
  }

  /** Starts the process. {@link listening} resolves when it can take calls. */
  static spawn(workers: number, env: Record<string, string> = {}): ClusterRig {
    return new ClusterRig(workers, env);
  }

  async listening(): Promise<this> {
    await until(() => this.port !== undefined, `all workers listen: ${this.words}`);
    return this;
  }

  get port(): number | undefined {
    return this.lines.find(({ msg }) => msg === 'all workers listen')?.['port'] as number | undefined;
  }

  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Process ids that `worker` has had, the current one last. */
  pids(worker: string): number[] {
    return this.lines
      .filter((line) => line['msg'] === 'a worker listens' && line['worker'] === worker)
      .map(({ pid }) => pid as number);
  }

  call(): ClusterCall {
    const call = new ClusterCall(
      this.carrier.placeCall({
        from: '+12025550123',
        to: '+12065550199',
        voiceUrl: `https://${PUBLIC_HOST}/twilio/voice`,
        statusCallback: `https://${PUBLIC_HOST}/twilio/call-status`,
      }),
    );
    this.calls.push(call);
    return call;
  }

  async ready(): Promise<unknown> {
    const response = await fetch(`${this.base}/ready`);
    return { http: response.status, ...((await response.json()) as object) };
  }

  /** Opens a stream with `worker` in its URL, closes it, and returns the HTTP status of the upgrade. */
  async upgrade(worker: string): Promise<number> {
    const path = `/twilio/stream/${worker}`;
    const signature = signStream(AUTH_TOKEN, `wss://${PUBLIC_HOST}${path}`, 'exact');
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}${path}`, {
      headers: { host: PUBLIC_HOST, 'x-twilio-signature': signature },
    });
    const status = await new Promise<number>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('upgrade', ({ statusCode }) => resolve(statusCode ?? 0));
    });
    socket.terminate();
    return status;
  }

  /** Returns the value of one series, 0 if it is missing. */
  async metric(series: string): Promise<number> {
    const text = await (await fetch(`${this.base}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${series} `));
    return Number(line?.slice(series.length + 1) ?? 0);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves with the exit code. */
  async ended(): Promise<unknown> {
    if (this.child.exitCode === null) await within(once(this.child, 'exit'), 'the cluster ends');
    return this.child.exitCode;
  }

  /** Hangs up every call. Resolves when the carrier has told the gateway. */
  async hangUpAll(): Promise<void> {
    for (const { carried } of this.calls) carried.hangup();
    await this.carrier.whenIdle();
  }

  async close(): Promise<void> {
    this.carrier.close();
    this.child.kill('SIGKILL');
    await this.ended();
  }
}

/** A call and what happened to its caller. */
export class ClusterCall {
  readonly carried: CarrierCall;
  /** The worker in the URL of each stream that was announced. */
  readonly workers: string[] = [];
  streams = 0;
  dials = 0;
  /** Milliseconds of the assistant's voice that the caller heard since the last stream began. */
  heardMs = 0;
  readonly problems: number[] = [];

  constructor(carried: CarrierCall) {
    this.carried = carried;
    carried.on('twiml', (_request, verbs) => {
      const url = verbs.flatMap(({ children }) => children).find(({ name }) => name === 'Stream')?.attributes['url'];
      if (url !== undefined) this.workers.push(url.split('/').at(-1) ?? '');
    });
    carried.on('stream-started', () => {
      this.streams++;
      this.heardMs = 0;
    });
    carried.on('dial-started', () => this.dials++);
    carried.on('heard', (frame) => (this.heardMs += frame.filter((byte) => byte === 0x10).length / 8));
    carried.on('problem', (code) => this.problems.push(code));
  }

  get worker(): string | undefined {
    return this.workers.at(-1);
  }
}

function parsed(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>;
}

import { type ChildProcess, fork } from 'node:child_process';
import { WebSocket } from 'ws';

export type Mode = 'relay' | 'pipeline' | 'direct';

export interface Measurement {
  mode: Mode;
  calls: number;
  /** There and back through the measured process, on loopback, in milliseconds. */
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  /** Milliseconds of CPU for each second of each call. */
  cpuMsPerCallSecond: number;
  /** Growth of resident memory for each call; meaningless for a single call. */
  rssKbPerCall: number;
  /** Frames that came back of those sent. */
  echoed: number;
}

const FRAME_MS = 20;
const WARM_UP_MS = 1500;
const MEDIA = 'media';

/** Holds `calls` simulated calls for `seconds` against a process of its own and measures it from outside. */
export async function measure(mode: Mode, calls: number, seconds: number): Promise<Measurement> {
  const child = fork(new URL('./server.js', import.meta.url), [mode], {
    execArgv: ['--expose-gc', '--enable-source-maps'],
  });
  try {
    const { port } = (await reply(child)) as { port: number };
    const idle = await usage(child);
    const load = new Load(mode, port);
    await load.open(calls);
    load.start();
    await wait(WARM_UP_MS);
    load.reset();
    const before = await usage(child);
    await wait(seconds * 1000);
    const after = await usage(child);
    const latencies = load.stop();
    return {
      mode,
      calls,
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
      p999Ms: quantile(latencies, 0.999),
      cpuMsPerCallSecond: (after.cpuMs - before.cpuMs) / calls / seconds,
      rssKbPerCall: (after.rssBytes - idle.rssBytes) / calls / 1024,
      echoed: latencies.length / load.sent,
    };
  } finally {
    child.kill();
  }
}

/** The calls: each sends a frame every 20 ms, spread over the period, and times its echo. */
class Load {
  sent = 0;
  private readonly mode: Mode;
  private readonly port: number;
  private readonly lines: { socket: WebSocket; streamSid: string; awaiting: number[] }[] = [];
  private latencies: number[] = [];
  private timer: NodeJS.Timeout | undefined;
  private nextMs = 0;

  constructor(mode: Mode, port: number) {
    this.mode = mode;
    this.port = port;
  }

  async open(calls: number): Promise<void> {
    for (let i = 0; i < calls; i++) {
      const callSid = `CAbench${i}`;
      const token = this.mode === 'relay' ? '' : await this.ring(callSid);
      const socket = new WebSocket(`ws://127.0.0.1:${this.port}/twilio/stream`, { perMessageDeflate: false });
      await new Promise((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', reject);
      });
      const streamSid = `MZ${i}`;
      const line = { socket, streamSid, awaiting: [] as number[] };
      socket.on('message', (data) => this.onMessage(line, data as Buffer));
      if (this.mode !== 'relay') {
        const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 };
        socket.send(
          JSON.stringify({
            event: 'start',
            streamSid,
            start: { streamSid, callSid, accountSid: 'AC', mediaFormat, customParameters: { token } },
          }),
        );
      }
      this.lines.push(line);
    }
  }

  start(): void {
    this.nextMs = performance.now();
    let at = 0;
    const stepMs = FRAME_MS / this.lines.length;
    this.timer = setInterval(() => {
      while (performance.now() >= this.nextMs) {
        const line = this.lines[at];
        at = (at + 1) % this.lines.length;
        this.nextMs += stepMs;
        if (line !== undefined) this.sendFrame(line);
      }
    }, 1);
  }

  reset(): void {
    this.latencies = [];
    this.sent = 0;
  }

  stop(): number[] {
    clearInterval(this.timer);
    for (const { socket } of this.lines) socket.terminate();
    return this.latencies.sort((a, b) => a - b);
  }

  private async ring(callSid: string): Promise<string> {
    const body = new URLSearchParams({
      CallSid: callSid,
      From: '+12025550123',
      To: '+12065550199',
      CallStatus: 'ringing',
    });
    const response = await fetch(`http://127.0.0.1:${this.port}/twilio/voice`, { method: 'POST', body });
    return /name="token" value="([^"]+)"/.exec(await response.text())?.[1] ?? '';
  }

  private sendFrame(line: { socket: WebSocket; streamSid: string; awaiting: number[] }): void {
    line.awaiting.push(performance.now());
    this.sent++;
    line.socket.send(
      `{"event":"media","sequenceNumber":"7","media":{"track":"inbound","chunk":"6","timestamp":"155","payload":"${PAYLOAD}"},"streamSid":"${line.streamSid}"}`,
    );
  }

  private onMessage(line: { socket: WebSocket; streamSid: string; awaiting: number[] }, data: Buffer): void {
    if (!data.includes(MEDIA)) {
      // A mark: the carrier returns it.
      line.socket.send(data, { binary: false });
      return;
    }
    const sentMs = line.awaiting.shift();
    if (sentMs !== undefined) this.latencies.push(performance.now() - sentMs);
  }
}

const PAYLOAD = Buffer.alloc(160, 0x55).toString('base64');

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function usage(child: ChildProcess): Promise<{ cpuMs: number; rssBytes: number }> {
  child.send('usage');
  return reply(child) as Promise<{ cpuMs: number; rssBytes: number }>;
}

function reply(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', () => reject(new Error('The measured process ended.')));
  });
}

function wait(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}

/** One line of a table. */
export function row(result: Measurement, relayCpu: number | undefined): string {
  const ratio = relayCpu === undefined ? '' : (result.cpuMsPerCallSecond / relayCpu).toFixed(2);
  return [
    result.mode.padEnd(9),
    String(result.calls).padStart(5),
    result.p50Ms.toFixed(2).padStart(8),
    result.p99Ms.toFixed(2).padStart(8),
    result.p999Ms.toFixed(2).padStart(8),
    result.cpuMsPerCallSecond.toFixed(2).padStart(8),
    ratio.padStart(6),
    (result.calls > 1 ? result.rssKbPerCall.toFixed(0) : '').padStart(8),
    `${(result.echoed * 100).toFixed(1)}%`.padStart(8),
  ].join(' ');
}

export const HEADING = 'mode      calls   p50 ms   p99 ms p99.9 ms cpu ms/s  ratio  kB/call   echoed';

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Carrier } from '../sim/twilio/carrier.js';
import type { IncomingNumber } from '../sim/twilio/number-resource.js';
import { RestApi } from '../sim/twilio/rest.js';
import { freePort } from './support/free-port.js';
import { until } from './support/rig.js';
import { selfSigned } from './support/self-signed.js';

// Types the commands of docs/GETTING_STARTED.md in order, as somebody does who follows its words only. Twilio, the tunnel, DNS and the
// model are simulated; the gateway and the doctor are real.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/GETTING_STARTED.md'), 'utf8');
/** The name that the page shows. */
const HOST = '1a2b3c.ngrok-free.app';
const ACCOUNT_SID = `AC${'1'.repeat(32)}`;
const AUTH_TOKEN = '0123456789abcdef0123456789abcdef';
const NUMBER = '+12065550199';
const LIMIT_MS = 120_000;

/** The code blocks of the page: in which terminal, and what is typed there. */
function blocks(page: string): { terminal: string; text: string }[] {
  return [...page.matchAll(/^```sh\n# terminal (\d)\n([\s\S]*?)^```$/gm)].map(([, terminal = '', text = '']) => ({
    terminal,
    text,
  }));
}

/** The fields that the page tells to set on the number. */
function numberOf(page: string): IncomingNumber {
  const field = (name: string): string => new RegExp(`^\\| ${name} \\| \`([^\`]+)\``, 'm').exec(page)?.[1] ?? '';
  return { phoneNumber: NUMBER, voiceUrl: field('A call comes in'), statusCallback: field('Call status changes') };
}

/** A shell that runs what is typed into it. */
class Terminal {
  written = '';
  private readonly shell: ChildProcess;

  constructor(cwd: string, env: Record<string, string>) {
    // A group of its own, so that the test can end what was started in it.
    this.shell = spawn('bash', [], { cwd, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.shell.stdout, this.shell.stderr])
      stream?.on('data', (data: Buffer) => (this.written += data.toString()));
  }

  /** Types commands that stay in the foreground. Resolves when `ready` is there. */
  async start(text: string, ready: RegExp): Promise<void> {
    this.shell.stdin?.write(text);
    await until(() => ready.test(this.written), `${text.trim()} is ready: ${this.written}`, LIMIT_MS);
  }

  /** Types commands and resolves with what they wrote. Fails if the last one failed. */
  async type(text: string): Promise<string> {
    const from = this.written.length;
    this.shell.stdin?.write(`${text}echo "ended with $?"\n`);
    await until(() => /ended with \d+\n/.test(this.written.slice(from)), `${text.trim()} ends`, LIMIT_MS);
    const output = this.written.slice(from);
    assert.match(output, /ended with 0\n$/, `${text.trim()} failed:\n${output}`);
    return output;
  }

  async close(): Promise<void> {
    const ended = this.shell.exitCode === null ? once(this.shell, 'close') : undefined;
    try {
      process.kill(-(this.shell.pid ?? 0), 'SIGKILL');
    } catch {
      // The group has ended.
    }
    await ended;
  }
}

/** Writes the programs that a machine of the reader has, and this one may not. */
function standIns(folder: string): void {
  const program = (name: string, text: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  mkdirSync(folder);
  program(
    'npm',
    `case "$*" in
  ci) ;;
  start) exec node --enable-source-maps "${ROOT}/dist/src/main.js" ;;
  'run doctor') exec node --enable-source-maps "${ROOT}/dist/src/doctor.js" ;;
  *) echo "npm does not know $*"; exit 2 ;;
esac`,
  );
  program('ngrok', `echo "Forwarding https://${HOST} -> http://localhost:8000"; exec sleep 600`);
  const script = 'fetch(process.argv[1]).then((answer) => process.exit(answer.ok ? 0 : 22))';
  program('curl', `for last; do :; done; exec node -e '${script}' "$last"`);
}

test('somebody who types the commands of docs/GETTING_STARTED.md in order has a number that answers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-getting-started-'));
  standIns(join(folder, 'bin'));
  const gatewayPort = await freePort();
  const certificate = selfSigned(HOST);
  writeFileSync(join(folder, 'authority.pem'), certificate.cert);
  const tunnel = createServer(certificate, (socket) => {
    const onward = connect(gatewayPort, '127.0.0.1');
    socket.on('error', () => onward.destroy()).pipe(onward);
    onward.on('error', () => socket.destroy()).pipe(socket);
  });
  tunnel.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
  await once(tunnel, 'listening');
  const carrier = new Carrier({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    resolve: () => `http://127.0.0.1:${gatewayPort}`,
  });
  const numbers: IncomingNumber[] = [];
  const rest = new RestApi(carrier, { numbers });
  const env = {
    PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    HOME: folder,
    // What follows stands for the world outside, and for a model.
    PORT: String(gatewayPort),
    TWILIO_API_URL: await rest.start(),
    NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'),
    NODE_OPTIONS: `--import ${pathToFileURL(fileURLToPath(new URL('./support/tunnel-name.js', import.meta.url))).href}`,
    TUNNEL_NAME: HOST,
    TUNNEL_PORT: String((tunnel.address() as AddressInfo).port),
    EXTENSIONS: fileURLToPath(new URL('./support/cluster-voice.js', import.meta.url)),
    VOICE_PROVIDER: 'scripted',
    MAX_LOOP_DELAY_MS: '0',
  };
  const values: readonly (readonly [shown: string, own: string])[] = [
    ['TWILIO_ACCOUNT_SID=AC…', `TWILIO_ACCOUNT_SID=${ACCOUNT_SID}`],
    ['TWILIO_AUTH_TOKEN=…', `TWILIO_AUTH_TOKEN=${AUTH_TOKEN}`],
    ['TWILIO_PHONE_NUMBER=+1…', `TWILIO_PHONE_NUMBER=${NUMBER}`],
    ['OPENAI_API_KEY=sk-…', 'OPENAI_API_KEY=sk-simulated'],
    ['127.0.0.1:8000', `127.0.0.1:${gatewayPort}`],
  ];
  const terminals = new Map<string, Terminal>();
  let report = '';
  try {
    const typed = blocks(PAGE);
    assert.ok(typed.length >= 6, 'the page has its blocks');
    for (const { terminal: number, text } of typed) {
      const own = values.reduce((changed, [shown, value]) => changed.replaceAll(shown, value), text);
      assert.doesNotMatch(own, /…/, 'every value of the reader is known');
      const terminal = terminals.get(number) ?? new Terminal(folder, env);
      terminals.set(number, terminal);
      if (text.startsWith('ngrok')) await terminal.start(own, new RegExp(`https://${HOST} -> http://localhost:8000`));
      else if (text.startsWith('npm start')) await terminal.start(own, /"url":"http/);
      else {
        // Between the start and the doctor the reader sets the number at Twilio.
        if (text.includes('doctor')) numbers.push(numberOf(PAGE));
        const output = await terminal.type(own);
        if (text.includes('doctor')) report = output;
      }
    }
    assert.doesNotMatch(report, /FAULT/);
    assert.match(report, /A gateway answers at 1a2b3c\.ngrok-free\.app: it refuses what is not signed/);

    const { statusCallback = '', voiceUrl = '' } = numberOf(PAGE);
    const call = carrier.placeCall({ from: '+12025550123', to: NUMBER, voiceUrl, statusCallback });
    let heardMs = 0;
    call.on('heard', (frame) => (heardMs += frame.filter((byte) => byte === 0x10).length / 8));
    await until(() => heardMs >= 200, 'the caller is greeted', LIMIT_MS);
    call.hangup();
    await carrier.whenIdle();
  } finally {
    carrier.close();
    for (const terminal of terminals.values()) await terminal.close();
    await rest.close();
    tunnel.close();
    rmSync(folder, { recursive: true });
  }
});

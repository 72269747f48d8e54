import { writeFile } from 'node:fs/promises';
import { mulawToPcm } from '../../src/audio/g711.js';
import { writeWav } from '../../src/audio/wav.js';
import type { Clock } from '../../src/base/clock.js';
import type { Paint } from '../../src/base/terminal.js';
import type { SpeechEngine, SpeechInput } from '../../src/speech/engine.js';
import type { AgentScreen } from '../connect/connect.js';
import { Carrier } from '../twilio/carrier.js';
import type { CarrierCall } from '../twilio/carrier-call.js';
import type { PhoneEndpoint } from '../twilio/phone.js';
import { type AgentSide, connectSide, plainSide } from './agent-side.js';
import type { CallOptions } from './call-options.js';
import { CallReport } from './call-report.js';
import { Caller, type CallerAct } from './caller.js';
import type { Health } from './gateway-health.js';
import { readCounters, reasonBetween } from './gateway-reasons.js';
import { Timeline } from './timeline.js';
import { noteCaller, watchAgentSide, watchCarrier } from './watch-call.js';

/** What a call needs in addition to its options. */
export interface CallParts {
  health: Health;
  /** Recognizes what the caller hears, and synthesizes `<Say>`. */
  engine: Pick<SpeechEngine, 'listen' | 'synthesize'>;
  clock: Clock;
  /** Signs the requests. `undefined` signs nothing. */
  authToken: string | undefined;
  accountSid: string;
  pepper: string;
  /** Called with each line of the timeline. */
  write: (line: string) => void;
  /** Colours the lines. By default they are plain. */
  paint?: Paint;
  /** Called with the call, so that the command can hang up. */
  onCall?: (call: CarrierCall) => void;
}

/** Maximum time to notify the gateway of the call's end before the command exits. */
const FAREWELL_MS = 3000;

/** Places one call and resolves when it has ended. */
export async function placeCall(
  options: CallOptions,
  acts: readonly CallerAct[],
  parts: CallParts,
): Promise<CallReport> {
  const { accountSid, authToken, clock, engine, health, pepper, write } = parts;
  const timeline = new Timeline(clock, write, parts.paint);
  const publicHost = options.publicHost ?? health.public_host ?? options.gateway.host;
  const voiceUrl = options.voiceUrl ?? `https://${publicHost}/twilio/voice`;

  let screen: AgentScreen | undefined;
  let digits = 0;
  const watch = watchAgentSide(timeline, options.verbose);
  const agent = agentSide(health, pepper, clock, {
    ...watch,
    onScreen: (shown) => {
      screen = shown;
      watch.onScreen(shown);
    },
    onDigits: (count) => timeline.note('agent', `answers; ${count} keys were played to the line`),
  });
  const counted: PhoneEndpoint = {
    ring: (leg) => {
      leg.onDigit(() => digits++);
      agent.phone.ring(leg);
    },
  };
  const carrier = new Carrier({
    accountSid,
    ...(authToken === undefined ? {} : { authToken }),
    resolve: (host) => whereIs(host, options.gateway, new URL(voiceUrl).host),
    phoneBook: () => counted,
    synthesize: (text) => engine.synthesize(text),
    clock,
  });
  const before = await readCounters(options.gateway);
  const call = carrier.placeCall({ from: options.from, to: options.to, voiceUrl });
  const report = new CallReport(call, {
    voiceUrl,
    isSigned: authToken !== undefined,
    publicHost: new URL(voiceUrl).host,
    gatewaysHost: health.public_host,
  });
  watchCarrier(call, timeline);
  const { ear, recording } = listen(call, engine, (text) => {
    report.heard.push(text);
    timeline.note('hears', `“${text}” (a guess)`);
  });
  const caller = new Caller(call, acts, {
    stays: options.stay,
    onEvent: (event) => {
      noteCaller(event, timeline);
      if (event.type === 'speaks') report.did(event.label);
      else if (event.type === 'presses') report.did(`${event.digits.length} keys`);
      else if (event.type === 'answered') report.answered(event.afterMs);
    },
  });
  const limit = clock.setTimer(options.limitMs, () => {
    report.overran();
    call.hangup();
  });
  parts.onCall?.(call);
  await call.whenEnded();
  limit.cancel();
  report.actsLeft = caller.actsLeft;

  const farewell = clock.setTimer(FAREWELL_MS, () => carrier.close());
  await carrier.whenIdle();
  farewell.cancel();
  if (options.record !== undefined)
    await writeFile(options.record, writeWav([mulawToPcm(Buffer.concat(recording))], 8000));
  ear.close();
  report.reason = reasonBetween(before, await readCounters(options.gateway));
  report.agent = screen?.attributes;
  report.digitsPlayed = digits;
  carrier.close();
  await agent.close();
  return report;
}

/** Transcribes and records what the caller hears. */
function listen(
  call: CarrierCall,
  engine: CallParts['engine'],
  onText: (text: string) => void,
): { ear: SpeechInput; recording: readonly Uint8Array[] } {
  const recording: Uint8Array[] = [];
  const ear = engine.listen({
    onSpeechStarted: () => undefined,
    onSpeechStopped: () => undefined,
    onText,
    onFailure: () => undefined,
  });
  call.on('heard', (frame) => {
    recording.push(frame);
    ear.push(frame);
  });
  return { ear, recording };
}

/**
 * Returns where a host is. The gateway is at --gateway under any name. If the gateway is on the internet, another host
 * in its TwiML is that host. On this machine or a private address every name stands for the gateway, because the name
 * may belong to a stranger or not exist yet.
 */
function whereIs(host: string, gateway: URL, publicHost: string): string {
  const isPublic = gateway.protocol === 'https:' && !/^(localhost|[\d.]+|\[.*\])$/.test(gateway.hostname);
  const isOther = host !== gateway.host && host !== publicHost;
  return isPublic && isOther ? `https://${host}` : gateway.origin;
}

function agentSide(
  health: Health,
  pepper: string,
  clock: Clock,
  listener: Parameters<typeof connectSide>[3] & { onDigits(count: number): void },
): AgentSide {
  const { embedded } = health;
  if (embedded === undefined) return plainSide(clock, (count) => listener.onDigits(count));
  return connectSide(embedded, pepper, clock, listener);
}

import type { Clock } from '../base/clock.js';
import { isLoopback, withoutPort } from '../config/addresses.js';
import { SIGNATURE_HEADER, signatureOf } from '../hooks/signature.js';
import { ask, isUnreached, shownUrl } from './ask.js';
import { type Finding, advice, fault, fine } from './finding.js';

export interface HookQuestion {
  /** The setting with the URL. That with the secret has the same name with SECRET. */
  setting: 'CALL_CONTEXT_URL' | 'CALL_EVENTS_URL';
  url: string;
  secret: string;
  /** Maximum time that a call waits. `undefined` if no call does. */
  limitMs: number | undefined;
  clock: Clock;
  signal: AbortSignal;
}

/** Sends a signed question of the type `ping` to the operator's own server. It names no caller. */
export async function askHook({ clock, limitMs, secret, setting, signal, url }: HookQuestion): Promise<Finding[]> {
  const text = JSON.stringify({ type: 'ping' });
  const startedMs = clock.now();
  const answer = await ask(url, {
    headers: {
      'content-type': 'application/json',
      [SIGNATURE_HEADER]: signatureOf(secret, clock.epochMs(), text),
    },
    text,
    signal,
  });
  const tookMs = Math.round(clock.now() - startedMs);
  const shown = shownUrl(url);
  if (isUnreached(answer))
    return [fault('hook-unreachable', `${shown} cannot be reached: ${answer.why}. Check ${setting} and the network.`)];
  const { status } = answer;
  if (status === 401 || status === 403) {
    const secretName = setting.replace('URL', 'SECRET');
    return [
      fault('hook-signature', `${shown} refuses the signature (HTTP ${status}). Check ${secretName} on both sides.`),
    ];
  }
  if (status >= 300)
    return [
      fault(
        'hook-status',
        `${shown} answers HTTP ${status} to a signed request of the type ping. It must answer 2xx, and no redirect is followed.`,
      ),
    ];
  const isPlain = url.startsWith('http:') && !isLoopback(withoutPort(new URL(url).host));
  return [
    fine('hook-ready', `${shown} answers in ${tookMs} ms.`),
    ...(limitMs !== undefined && tookMs > limitMs
      ? [
          advice(
            'hook-slow',
            `${shown} took ${tookMs} ms, and a call waits ${limitMs} ms, so it is answered without what is known.`,
          ),
        ]
      : []),
    ...(isPlain
      ? [advice('hook-plain', `${setting} is not encrypted, and who calls can be read on the way. Use https.`)]
      : []),
  ];
}

import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { Clock } from '../base/clock.js';
import { PING_EVERY_MS } from '../twilio/stream.js';
import { whyUnreached } from './ask.js';
import { type Finding, advice, fault, fine } from './finding.js';
import { probeWebhook, splitHost } from './public-host.js';

export interface IdleQuestion {
  host: string;
  authTokens: readonly string[];
  accountSid: string | undefined;
  /** How long the gateway keeps an idle connection. */
  keepAliveMs: number;
  clock: Clock;
  signal: AbortSignal;
  /** Replace the system's, in tests. */
  network?: { lookup?: LookupFunction; ca?: string };
}

/** A stream says nothing of its own between two pings, and one of them may be late. */
const SHORTEST_MS = 2 * PING_EVERY_MS;
/** Difference that the network and the timers of both sides make. */
const ABOUT_MS = 3000;
/** Longest time that the connection is held. */
export const LONGEST_HOLD_MS = 200_000;

/** Holds an idle connection to the public host after one answer, and measures when the other side closes it. */
export async function askIdle(question: IdleQuestion): Promise<Finding[]> {
  const { host, keepAliveMs } = question;
  const limitMs = Math.min(keepAliveMs + 2 * ABOUT_MS, LONGEST_HOLD_MS);
  const held = await hold(question, limitMs);
  if ('why' in held)
    return [advice('balancer-idle', `How long an idle connection to ${host} is kept was not measured: ${held.why}.`)];
  const seconds = Math.round(held.closedMs / 1000);
  const pings = `the gateway pings each stream every ${PING_EVERY_MS / 1000} s`;
  if (held.closedMs < SHORTEST_MS)
    return [
      fault(
        'balancer-idle',
        `An idle connection to ${host} is closed after ${seconds} s. ${capital(pings)}, so one late ping would end a call. Raise the idle timeout of the balancer: aws elbv2 modify-load-balancer-attributes --load-balancer-arn … --attributes Key=idle_timeout.timeout_seconds,Value=120`,
      ),
    ];
  const keep = `KEEP_ALIVE_SECONDS (${keepAliveMs / 1000})`;
  if (held.closedMs >= limitMs || held.closedMs > keepAliveMs + ABOUT_MS)
    return [
      advice(
        'balancer-idle',
        `An idle connection to ${host} is kept for longer than ${keep}. Behind an AWS load balancer that means that the gateway closes connections on which the balancer still sends, and Twilio gets a 502. Set KEEP_ALIVE_SECONDS above the idle timeout of the balancer.`,
      ),
    ];
  return [
    fine(
      'balancer-idle',
      held.closedMs > keepAliveMs - ABOUT_MS
        ? `An idle connection to ${host} is kept for ${seconds} s, which is the gateway's own ${keep}. Nothing on the way closes it earlier.`
        : `An idle connection to ${host} is closed after ${seconds} s, before ${keep}, and ${pings}.`,
    ),
  ];
}

/** Resolves with how long the connection was kept, at most `limitMs`. */
function hold(question: IdleQuestion, limitMs: number): Promise<{ closedMs: number } | { why: string }> {
  const { clock, host, network, signal } = question;
  const { hostname, port } = splitHost(host);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname,
      port,
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      ...(network?.lookup === undefined ? {} : { lookup: network.lookup }),
      ...(network?.ca === undefined ? {} : { ca: network.ca }),
    });
    let answer = '';
    let idle: { sinceMs: number; limit: { cancel: () => void } } | undefined;
    const end = (result: { closedMs: number } | { why: string }): void => {
      idle?.limit.cancel();
      resolve(result);
      socket.destroy();
    };
    const closed = (why: string): void => end(idle === undefined ? { why } : { closedMs: clock.now() - idle.sinceMs });
    signal.addEventListener('abort', () => end({ why: 'no time is left' }));
    socket.on('secureConnect', () => socket.write(requestText(question)));
    socket.on('data', (data: Buffer) => {
      answer += data.toString('latin1');
      if (idle !== undefined || !answer.includes('\r\n\r\n')) return;
      if (/\r\nconnection: *close/i.test(answer)) {
        end({ why: 'the answer ended the connection, as a gateway does that is stopping' });
        return;
      }
      idle = { sinceMs: clock.now(), limit: clock.setTimer(limitMs, () => end({ closedMs: limitMs })) };
    });
    socket.on('end', () => closed('the connection was closed without an answer'));
    socket.on('error', (error) => closed(whyUnreached(error)));
  });
}

/** One webhook that changes nothing, after which the connection may stay open. */
function requestText(question: IdleQuestion): string {
  const { form, headers, path } = probeWebhook(question);
  const lines = Object.entries({ Host: question.host, ...headers, 'Content-Length': String(Buffer.byteLength(form)) });
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${form}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

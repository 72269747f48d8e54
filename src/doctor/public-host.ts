import { randomBytes } from 'node:crypto';
import { type LookupAddress, lookup } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { type LookupFunction, isIP } from 'node:net';
import { PATHS } from '../call/paths.js';
import { isPrivateHost } from '../config/addresses.js';
import { signatureOf } from '../twilio/signature.js';
import { whyUnreached } from './ask.js';
import { certificateFindings, readCertificate } from './certificate.js';
import { type Finding, advice, fault, fine } from './finding.js';

export interface PublicHostQuestion {
  /** With a port if it is not 443. */
  host: string;
  /** PUBLIC_HOST or STREAM_HOST. The latter gets streams alone. */
  setting: 'PUBLIC_HOST' | 'STREAM_HOST';
  /** Empty if the gateway checks no signatures. */
  authTokens: readonly string[];
  accountSid: string | undefined;
  epochMs: number;
  signal: AbortSignal;
  /** Replace the system's, in tests. */
  network?: { lookup?: LookupFunction; ca?: string };
}

const REQUEST_MS = 10_000;
const HTTPS_PORT = 443;

/** Goes the way that Twilio goes: name, certificate, upgrade of a stream, signed webhook. */
export async function askPublicHost(question: PublicHostQuestion): Promise<Finding[]> {
  const { hostname, port } = splitHost(question.host);
  const found: Finding[] = [];
  if (port !== HTTPS_PORT)
    found.push(advice('public-host', `Twilio's streams want port 443, and ${question.setting} names ${port}.`));
  const addresses = await addressesOf(hostname, question);
  if (!Array.isArray(addresses)) return [...found, addresses];
  if (addresses.every(isPrivate))
    found.push(
      advice(
        'public-host-dns',
        `${hostname} is ${addresses.join(', ')} from here, which Twilio cannot reach. If the public DNS has another address, all is well.`,
      ),
    );
  const certificate = await readCertificate({ hostname, port, ...question });
  if ('why' in certificate)
    return [
      ...found,
      fault(
        'public-host-unreachable',
        `No TLS connection to ${question.host}: ${certificate.why}. Start the gateway, and check the proxy or balancer in front of it and its firewall.`,
      ),
    ];
  const wrong = certificateFindings(certificate, hostname, question.epochMs);
  if (wrong.some(({ result }) => result === 'fault')) return [...found, ...wrong];
  return [...found, ...wrong, ...(await reach(question))];
}

async function reach(question: PublicHostQuestion): Promise<Finding[]> {
  const upgrade = upgradeFinding(await askUpgrade(question), question);
  if (upgrade !== undefined) return [upgrade];
  const { authTokens, host, setting } = question;
  if (authTokens.length === 0 || setting === 'STREAM_HOST')
    return [fine('gateway-reached', `A gateway answers at ${host}.`)];
  return [signatureFinding(await askWebhook(question), question)];
}

/** Returns what is wrong with the answer to an upgrade that nobody signed. `undefined` if it is right. */
function upgradeFinding(answer: Reply, { authTokens, host, setting }: PublicHostQuestion): Finding | undefined {
  const isSigned = authTokens.length > 0;
  const what = `https://${host}${PATHS.stream}`;
  if ('why' in answer)
    return fault('public-host-unreachable', `${what} did not answer: ${answer.why}. Check the proxy or balancer.`);
  const { status } = answer;
  if (status === 403 && isSigned) return undefined;
  if (status === 101)
    return isSigned
      ? fault(
          'gateway-upgrade',
          `The gateway at ${host} opens a stream that nobody signed, so it runs without TWILIO_AUTH_TOKEN. Start it with the settings that the doctor has.`,
        )
      : undefined;
  if (status === 403)
    return fault(
      'gateway-upgrade',
      `The gateway at ${host} wants signatures, and TWILIO_AUTH_TOKEN is not set here. Run the doctor with the settings of that gateway.`,
    );
  return fault(
    'gateway-upgrade',
    `An upgrade to ${what} was answered with HTTP ${status}. ${HINTS[status] ?? otherHint(status, setting)}`,
  );
}

const HINTS: Readonly<Record<number, string>> = {
  400: 'The proxy or balancer does not pass WebSockets on: let it send the headers Upgrade and Connection to the gateway.',
  404: 'The proxy or balancer sends this path elsewhere: let /twilio/* go to the gateway.',
  426: 'The proxy or balancer does not pass WebSockets on: let it send the headers Upgrade and Connection to the gateway.',
  502: 'No gateway answers behind the proxy or balancer: start it, and check PORT, HOST and the health check.',
  503: 'No gateway answers behind the proxy or balancer: start it, and check PORT, HOST and the health check.',
  504: 'No gateway answers behind the proxy or balancer: start it, and check PORT, HOST and the health check.',
};

function otherHint(status: number, setting: string): string {
  return status >= 300 && status < 400
    ? 'Twilio follows no redirect of a stream: serve the gateway at this address.'
    : `Right is 403, because the request was not signed. Check what listens at ${setting}.`;
}

function signatureFinding(answer: Reply, { accountSid, host }: PublicHostQuestion): Finding {
  const what = `https://${host}${PATHS.callStatus}`;
  if ('why' in answer)
    return fault('public-host-unreachable', `${what} did not answer: ${answer.why}. Check the proxy or balancer.`);
  const { status } = answer;
  if (status === 204)
    return fine('gateway-reached', `A gateway answers at ${host}: it refuses what is not signed, and takes what is.`);
  if (status !== 403)
    return fault(
      'gateway-signature',
      `A signed webhook to ${what} was answered with HTTP ${status} instead of 204. ${HINTS[status] ?? 'Check what listens there.'}`,
    );
  const account = accountSid === undefined ? '' : ', TWILIO_ACCOUNT_SID';
  return fault(
    'gateway-signature',
    `The gateway at ${host} refuses a webhook that is signed with the first TWILIO_AUTH_TOKEN (HTTP 403), so it would refuse every call. The gateway that runs there has another TWILIO_AUTH_TOKEN${account} or PUBLIC_HOST, or a firewall rule answers in its place.`,
  );
}

type Reply = { status: number } | { why: string };

function askUpgrade(question: PublicHostQuestion): Promise<Reply> {
  return send(question, PATHS.stream, {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
  });
}

function askWebhook(question: PublicHostQuestion): Promise<Reply> {
  const { form, headers, path } = probeWebhook(question);
  return send(question, path, headers, form);
}

/** A signed webhook that changes nothing: the progress of a call that does not exist. */
export function probeWebhook({
  accountSid,
  authTokens,
  host,
}: Pick<PublicHostQuestion, 'accountSid' | 'authTokens' | 'host'>): {
  path: string;
  headers: Record<string, string>;
  form: string;
} {
  const form = new URLSearchParams({
    CallSid: `CA${randomBytes(16).toString('hex')}`,
    AccountSid: accountSid ?? `AC${'0'.repeat(32)}`,
    CallStatus: 'ringing',
  });
  const url = `https://${host.replace(/:\d+$/, '')}${PATHS.callStatus}`;
  const headers = {
    'Content-Type': 'application/x-www-form-urlencoded',
    'X-Twilio-Signature': signatureOf(authTokens[0] ?? '', url, form),
  };
  return { path: PATHS.callStatus, headers, form: form.toString() };
}

/** Never rejects. The request is made by hand, because `fetch` cannot ask for an upgrade. */
function send(
  { host, network, signal }: PublicHostQuestion,
  path: string,
  headers: Readonly<Record<string, string>>,
  form?: string,
): Promise<Reply> {
  const { hostname, port } = splitHost(host);
  return new Promise((resolve) => {
    const sent = request({
      host: hostname,
      port,
      path,
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        ...headers,
        Host: host,
        ...(form === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(form)) }),
      },
      // A connection of its own, which ends with the answer.
      agent: false,
      timeout: REQUEST_MS,
      signal,
      ...(network?.lookup === undefined ? {} : { lookup: network.lookup }),
      ...(network?.ca === undefined ? {} : { ca: network.ca }),
    });
    const answered = (response: IncomingMessage): void => {
      resolve({ status: response.statusCode ?? 0 });
      sent.destroy();
    };
    sent.on('response', answered);
    sent.on('upgrade', (response, socket) => {
      socket.destroy();
      answered(response);
    });
    sent.on('timeout', () => {
      resolve({ why: 'no answer in time' });
      sent.destroy();
    });
    sent.on('error', (error) => resolve({ why: whyUnreached(error) }));
    sent.end(form);
  });
}

export function splitHost(host: string): { hostname: string; port: number } {
  const url = new URL(`https://${host}`);
  return { hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? HTTPS_PORT : Number(url.port) };
}

function addressesOf(hostname: string, { network, setting }: PublicHostQuestion): Promise<string[] | Finding> {
  return new Promise((resolve) => {
    const find: LookupFunction = network?.lookup ?? lookup;
    find(hostname, { all: true }, (error, found: string | LookupAddress[]) => {
      if (error === null) {
        resolve(typeof found === 'string' ? [found] : found.map(({ address }) => address));
        return;
      }
      resolve(
        fault(
          'public-host-dns',
          `${hostname} cannot be looked up: ${whyUnreached(error)}. Check ${setting} and the DNS entry.`,
        ),
      );
    });
  });
}

function isPrivate(address: string): boolean {
  return isPrivateHost(isIP(address) === 6 ? `[${address}]` : address);
}

import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { type PeerCertificate, checkServerIdentity, connect } from 'node:tls';
import { whyUnreached } from './ask.js';
import { type Finding, advice, fault, fine } from './finding.js';

/** What a server showed of itself. */
export interface Certificate {
  peer: PeerCertificate;
  /** OpenSSL's code of what is wrong with the chain. `undefined` if nothing is. */
  chainError: string | undefined;
}

/** Certificates that renew themselves do so earlier. */
const FEW_DAYS = 14;
const DAY_MS = 86_400_000;
const CONNECT_MS = 8000;

/** Reads the certificate, whatever is wrong with it. Never rejects. */
export function readCertificate(options: {
  hostname: string;
  port: number;
  signal: AbortSignal;
  network?: { lookup?: LookupFunction; ca?: string };
}): Promise<Certificate | { why: string }> {
  const { hostname, network, port, signal } = options;
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname,
      port,
      rejectUnauthorized: false,
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      ...(network?.lookup === undefined ? {} : { lookup: network.lookup }),
      ...(network?.ca === undefined ? {} : { ca: network.ca }),
    });
    const end = (result: Certificate | { why: string }): void => {
      resolve(result);
      socket.destroy();
    };
    socket.setTimeout(CONNECT_MS, () => end({ why: 'no connection in time; a firewall may drop it' }));
    signal.addEventListener('abort', () => end({ why: 'no connection in time' }));
    socket.on('error', (error) => end({ why: whyUnreached(error) }));
    socket.on('secureConnect', () => {
      const { code } = (socket.authorizationError ?? {}) as { code?: string };
      // Depending on the version of Node it is the code itself, or an error that holds it.
      const chainError = socket.authorized ? undefined : (code ?? String(socket.authorizationError));
      end({ peer: socket.getPeerCertificate(), chainError });
    });
  });
}

/** Says what Twilio, which accepts only a valid certificate, would not like about it. */
export function certificateFindings({ chainError, peer }: Certificate, hostname: string, epochMs: number): Finding[] {
  const until = Date.parse(peer.valid_to);
  const days = Math.floor((until - epochMs) / DAY_MS);
  const refused = 'Twilio would not connect';
  if (until <= epochMs)
    return [fault('certificate', `The certificate of ${hostname} expired on ${peer.valid_to}; ${refused}. Renew it.`)];
  if (Date.parse(peer.valid_from) > epochMs)
    return [fault('certificate', `The certificate of ${hostname} is valid only from ${peer.valid_from}; ${refused}.`)];
  if (checkServerIdentity(hostname, peer) !== undefined)
    return [
      fault(
        'certificate',
        `The certificate is for ${namesOf(peer)} and not for ${hostname}; ${refused}. Serve one for this name, or correct PUBLIC_HOST.`,
      ),
    ];
  if (chainError !== undefined) return [fault('certificate', `${chainText(chainError, hostname)}; ${refused}.`)];
  if (days < FEW_DAYS)
    return [
      advice(
        'certificate-expiry',
        `The certificate of ${hostname} expires in ${days} days, on ${peer.valid_to}. Renew it.`,
      ),
    ];
  return [fine('certificate', `${hostname} has a valid certificate for ${days} more days.`)];
}

function chainText(code: string, hostname: string): string {
  const shown = /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'not trusted';
  switch (shown) {
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `The certificate of ${hostname} comes without the intermediate ones that lead to a known authority (${shown}). Serve the full chain`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return `The certificate of ${hostname} is signed by no public authority (${shown}). Get one, for instance from Let's Encrypt or AWS Certificate Manager`;
    default:
      return `The certificate of ${hostname} is not trusted (${shown})`;
  }
}

function namesOf(peer: PeerCertificate): string {
  const names = (peer.subjectaltname ?? '').split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
  const shown = names.filter((name) => /^[\w.*:-]{1,253}$/.test(name)).slice(0, 5);
  return shown.length === 0 ? 'no name' : shown.join(', ');
}

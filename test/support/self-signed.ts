import { type KeyObject, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';

export interface CertificateOptions {
  /** Default: a year ago. */
  from?: Date;
  /** Default: in two years. */
  until?: Date;
  /** The name of another authority that signs it. By default it is signed with its own key. */
  issuer?: string;
}

const YEAR_MS = 365 * 86_400_000;

/** For tests with TLS: returns a new certificate for one host, so that no key lies in the repository. */
export function selfSigned(host: string, options: CertificateOptions = {}): { key: string; cert: string } {
  const { from = new Date(Date.now() - YEAR_MS), issuer = host, until = new Date(Date.now() + 2 * YEAR_MS) } = options;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signer = issuer === host ? privateKey : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const algorithm = sequence(oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const isAddress = /^[\d.]+$/.test(host);
  const subjectName = isAddress
    ? tlv(0x87, Buffer.from(host.split('.').map(Number))) // iPAddress
    : tlv(0x82, Buffer.from(host)); // dNSName
  const altName = sequence(oid('551d11'), tlv(0x04, sequence(subjectName)));
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))), // version 3
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    commonName(issuer),
    sequence(utcTime(from), utcTime(until)),
    commonName(host),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(altName)),
  );
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: signed(body, algorithm, signer) };
}

function signed(body: Buffer, algorithm: Buffer, key: KeyObject): string {
  const signature = createSign('sha256').update(body).sign(key);
  const certificate = sequence(body, algorithm, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

function commonName(name: string): Buffer {
  return sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(name)))));
}

/** YYMMDDhhmmssZ. */
function utcTime(time: Date): Buffer {
  return tlv(0x17, Buffer.from(`${time.toISOString().replace(/\D/g, '').slice(2, 14)}Z`));
}

/** Returns a DER element: tag, length, value. */
function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), value]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

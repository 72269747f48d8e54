import {
  type KeyObject,
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  randomBytes,
} from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
const KEY_ID_BYTES = 4;
/** NIST SP 800-38D, 8.2.2: 96 random bits serve 2³² messages under one key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + IV_BYTES + TAG_BYTES;

/** Why bytes could not be opened. `other_version` and `unknown_key` are settings; `damaged` is not. */
export type SealFailure = 'other_version' | 'unknown_key' | 'damaged';

/**
 * Encrypts what the journal keeps: AES-256-GCM, bound to the call and the version, so that neither can be exchanged.
 * Bytes: version (1), key id (4), IV (12), tag (16), ciphertext.
 */
export class Seal {
  private readonly version: number;
  private readonly current: SealKey;
  private readonly keys: readonly SealKey[];

  /** The first key encrypts; all of them decrypt. */
  constructor(keys: readonly [KeyObject, ...KeyObject[]], version: number) {
    this.version = version;
    this.current = { id: keyId(keys[0]), key: keys[0] };
    this.keys = keys.map((key) => ({ id: keyId(key), key }));
  }

  close(plain: Buffer, callSid: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.current.key, iv);
    cipher.setAAD(this.boundTo(callSid));
    const body = [cipher.update(plain), cipher.final()];
    return Buffer.concat([Buffer.of(this.version), this.current.id, iv, cipher.getAuthTag(), ...body]);
  }

  open(sealed: Buffer, callSid: string): Buffer | SealFailure {
    if (sealed.length < HEADER_BYTES) return 'damaged';
    if (sealed[0] !== this.version) return 'other_version';
    const rest = sealed.subarray(1);
    const id = rest.subarray(0, KEY_ID_BYTES);
    const found = this.keys.find((candidate) => candidate.id.equals(id));
    if (found === undefined) return 'unknown_key';
    const iv = rest.subarray(KEY_ID_BYTES, KEY_ID_BYTES + IV_BYTES);
    const decipher = createDecipheriv(ALGORITHM, found.key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.boundTo(callSid));
    decipher.setAuthTag(rest.subarray(KEY_ID_BYTES + IV_BYTES, HEADER_BYTES - 1));
    try {
      return Buffer.concat([decipher.update(rest.subarray(HEADER_BYTES - 1)), decipher.final()]);
    } catch {
      return 'damaged';
    }
  }

  private boundTo(callSid: string): Buffer {
    return Buffer.from(`${this.version}:${callSid}`);
  }
}

interface SealKey {
  /** Tells keys apart and says nothing about them. */
  id: Buffer;
  key: KeyObject;
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha256').update('tandem-journal-key-id:').update(key.export()).digest().subarray(0, KEY_ID_BYTES);
}

/** A key of 32 bytes from hexadecimal or base64 text; undefined when it is none. */
export function readKey(text: string): KeyObject | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return createSecretKey(text, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === KEY_BYTES ? createSecretKey(bytes) : undefined;
}

/** A key nobody else has, for a journal that nobody else reads. */
export function drawKey(): KeyObject {
  return createSecretKey(randomBytes(KEY_BYTES));
}

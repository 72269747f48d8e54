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
/** 96 random bits serve 2³² messages under one key (NIST SP 800-38D, 8.2.2). */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES + IV_BYTES + TAG_BYTES;

/** Why data could not be opened. `other_version` and `unknown_key` come from the setup of the instances; `damaged` does not. */
export type SealFailure = 'other_version' | 'unknown_key' | 'damaged';

/**
 * Encrypts journal entries with AES-256-GCM. An entry is bound to its call and its version, so that neither can be
 * exchanged. Layout in bytes: version (1), key id (4), IV (12), tag (16), ciphertext.
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
  /** Identifies the key without revealing it. */
  id: Buffer;
  key: KeyObject;
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha256').update('tandem-journal-key-id:').update(key.export()).digest().subarray(0, KEY_ID_BYTES);
}

/** Reads a key of 32 bytes from hexadecimal or base64 text. Returns `undefined` if it is not one. */
export function readKey(text: string): KeyObject | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return createSecretKey(text, 'hex');
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === KEY_BYTES ? createSecretKey(bytes) : undefined;
}

/** Draws a random key for a journal that no other instance reads. */
export function drawKey(): KeyObject {
  return createSecretKey(randomBytes(KEY_BYTES));
}

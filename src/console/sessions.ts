import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../base/clock.js';

/** How long a login lasts. */
const SESSION_SECONDS = 43_200;
const COOKIE = 'tandem_console';
const VALUE = /^([\w-]{22})\.(\d{10,11})\.([\w-]{43})$/;
/** Maximum number of cookies of this name that are tried. A page on another port of this host can add some. */
const MAX_COOKIES = 4;

/**
 * The logins of the console. A login is a signed cookie, so nothing is kept: every process with the same token accepts it, and
 * a new token ends all logins.
 */
export class Sessions {
  private readonly clock: Clock;
  private readonly key: Buffer;
  private readonly token: string | undefined;

  /** `secret`: signs without a token, the same in all processes behind one port. By default a random one. */
  constructor(options: { token: string | undefined; secret?: Buffer | undefined; clock: Clock }) {
    const { clock, secret = randomBytes(32), token } = options;
    this.clock = clock;
    this.token = token;
    this.key = Buffer.from(hkdfSync('sha256', token ?? secret, '', 'tandem console session', 32));
  }

  /** Whether the token is the right one. Takes the same time for every wrong token. */
  isToken(given: string): boolean {
    return this.token !== undefined && this.isSame(given, this.token);
  }

  /** Returns the `Set-Cookie` header of a new login. `isSecure`: the browser may send it over TLS only. */
  openedCookie(isSecure: boolean): string {
    const value = `${randomBytes(16).toString('base64url')}.${Math.floor(this.clock.epochMs() / 1000) + SESSION_SECONDS}`;
    return cookie(`${value}.${this.sign('session', value)}`, SESSION_SECONDS, isSecure);
  }

  /** Returns the `Set-Cookie` header that makes the browser forget its login. */
  closedCookie(isSecure: boolean): string {
    return cookie('', 0, isSecure);
  }

  /** Returns the id of the login in a `Cookie` header. `undefined` if it has none that is valid. */
  idIn(cookies: string | undefined): string | undefined {
    const values = (cookies ?? '')
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part.startsWith(`${COOKIE}=`));
    for (const value of values.slice(0, MAX_COOKIES)) {
      const [, id = '', expiry = '', signature = ''] = VALUE.exec(value.slice(COOKIE.length + 1)) ?? [];
      const isOurs = this.isSame(signature, this.sign('session', `${id}.${expiry}`));
      if (isOurs && Number(expiry) * 1000 > this.clock.epochMs()) return id;
    }
    return undefined;
  }

  /** Returns what a page has to send with everything that changes something. It belongs to one login. */
  csrfOf(id: string): string {
    return this.sign('csrf', id);
  }

  isCsrf(id: string, given: string): boolean {
    return this.isSame(given, this.csrfOf(id));
  }

  private sign(purpose: 'session' | 'csrf', value: string): string {
    return createHmac('sha256', this.key).update(`${purpose}:${value}`).digest('base64url');
  }

  /** Compares hashes, so that neither length nor content of the right text shows in the time that it takes. */
  private isSame(given: string, right: string): boolean {
    const [one, other] = [given, right].map((text) => createHmac('sha256', this.key).update(text).digest());
    return one !== undefined && other !== undefined && timingSafeEqual(one, other);
  }
}

function cookie(value: string, seconds: number, isSecure: boolean): string {
  const secure = isSecure ? '; Secure' : '';
  return `${COOKIE}=${value}; HttpOnly; SameSite=Strict; Path=/console; Max-Age=${seconds}${secure}`;
}

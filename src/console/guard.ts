import type { IncomingMessage } from 'node:http';
import type { Clock } from '../base/clock.js';
import { hasOwnOrigin, isFromOwnPage, isToLoopback, mayAsk } from './access.js';
import type { Refusal } from './answer.js';
import { LoginLimit } from './login-limit.js';
import { Sessions } from './sessions.js';

/** Who asks. `local`: this machine, without a token. `login`: a browser with a cookie. `script`: a request with the token. */
export type Visitor = { by: 'local' | 'login'; id: string } | { by: 'script' };

/** What a token was sent for: to log a browser in, or with a request of a script. Each has a limit of its own. */
export type TokenUse = 'login' | 'script';

const NOT_HERE: Refusal = {
  status: 403,
  error: 'The console does not answer here. docs/operate/console.md says where it does, and what to set.',
};
const FOREIGN: Refusal = { status: 403, error: 'The request comes from a page of another origin.' };
const NO_LOGIN: Refusal = {
  status: 401,
  error: 'Log in at /console/login, or send the token as "Authorization: Bearer".',
  headers: { 'www-authenticate': 'Bearer' },
};
/** The one that asks without a token is always this machine. */
const LOCAL = 'local';
const BEARER = /^Bearer ([\x21-\x7e]{1,512})$/i;

/** Checks every request to the console before anything is done for it. Its work for a stranger is small and bounded. */
export class Guard {
  private readonly sessions: Sessions;
  private readonly hasToken: boolean;
  private readonly hosts: () => readonly string[];
  private readonly limits: Readonly<Record<TokenUse, LoginLimit>>;
  private readonly onWrongToken: (use: TokenUse, address: string | undefined) => void;

  /**
   * `token`: `undefined` if only this machine may ask. `secret`: see {@link Sessions}. `hosts`: names besides those of this
   * machine by which it may be asked with a token. `onWrongToken`: called for each wrong try here.
   */
  constructor(options: {
    token: string | undefined;
    secret?: Buffer | undefined;
    hosts: () => readonly string[];
    clock: Clock;
    onWrongToken: (use: TokenUse, address: string | undefined) => void;
  }) {
    const { clock, hosts, onWrongToken, secret, token } = options;
    this.sessions = new Sessions({ token, secret, clock });
    this.hasToken = token !== undefined;
    this.hosts = hosts;
    this.limits = { login: new LoginLimit(clock), script: new LoginLimit(clock) };
    this.onWrongToken = onWrongToken;
  }

  /** Whether a login is needed. */
  get asksForToken(): boolean {
    return this.hasToken;
  }

  /** The first check, before anything else is looked at. `undefined` if the request may be answered. */
  refusal(request: IncomingMessage): Refusal | undefined {
    return mayAsk(request, { hasToken: this.hasToken, hosts: this.hosts() }) ? undefined : NOT_HERE;
  }

  /** Whether the request comes from the console's own pages, or from no page. */
  originRefusal(request: IncomingMessage): Refusal | undefined {
    return isFromOwnPage(request) ? undefined : FOREIGN;
  }

  /** Whether an upgrade comes from the console's own pages. Every browser names an origin, and scripts must, too. */
  upgradeRefusal(request: IncomingMessage): Refusal | undefined {
    return hasOwnOrigin(request) && isFromOwnPage(request) ? undefined : FOREIGN;
  }

  /** Returns who asks, or why they may not. `takesToken`: whether the token itself will do. */
  visitor(request: IncomingMessage, takesToken: boolean): Visitor | Refusal {
    if (!this.hasToken) return { by: 'local', id: LOCAL };
    const { authorization, cookie } = request.headers;
    if (takesToken && authorization !== undefined) {
      const refusal = this.tokenRefusal(BEARER.exec(authorization)?.[1], request, 'script');
      return refusal ?? { by: 'script' };
    }
    const id = this.sessions.idIn(cookie);
    return id === undefined ? NO_LOGIN : { by: 'login', id };
  }

  /** Whether the visitor may change something with this request. `undefined` if so. */
  changeRefusal(request: IncomingMessage, visitor: Visitor): Refusal | undefined {
    const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
    if (type !== 'application/json') return { status: 415, error: 'Expected content-type: application/json.' };
    const given = request.headers['x-console-csrf'];
    const isMeant = visitor.by === 'script' || (typeof given === 'string' && this.sessions.isCsrf(visitor.id, given));
    if (!isMeant) return { status: 403, error: 'x-console-csrf is missing or wrong. GET /console/api/session has it.' };
    return this.originRefusal(request);
  }

  /** What the visitor's page has to send with each change. Empty for a script, which needs none. */
  csrfOf(visitor: Visitor): string {
    return visitor.by === 'script' ? '' : this.sessions.csrfOf(visitor.id);
  }

  /** Why the sender may not try to log in now. `undefined` if they may. */
  loginWait(request: IncomingMessage): Refusal | undefined {
    return waitRefusal(this.limits.login.waitSeconds(request.socket.remoteAddress));
  }

  /** An address has sent a wrong token to another process behind the same port. */
  noteWrongToken(use: TokenUse, address: string | undefined): void {
    this.limits[use].wrong(address);
  }

  /** Logs in with a token. Returns the `Set-Cookie` header, or why there is none. */
  logIn(request: IncomingMessage, token: string): { cookie: string } | Refusal {
    return this.tokenRefusal(token, request, 'login') ?? { cookie: this.sessions.openedCookie(!isToLoopback(request)) };
  }

  /** Returns the `Set-Cookie` header that ends the login of a browser. */
  logOut(request: IncomingMessage): string {
    return this.sessions.closedCookie(!isToLoopback(request));
  }

  /** The address has to wait, right token or not, so that guessing does not get faster. */
  private tokenRefusal(token: string | undefined, request: IncomingMessage, use: TokenUse): Refusal | undefined {
    const { remoteAddress } = request.socket;
    const limit = this.limits[use];
    const wait = waitRefusal(limit.waitSeconds(remoteAddress));
    if (wait !== undefined) return wait;
    if (token !== undefined && this.sessions.isToken(token)) return undefined;
    limit.wrong(remoteAddress);
    this.onWrongToken(use, remoteAddress);
    return { ...NO_LOGIN, error: 'The token is wrong.' };
  }
}

function waitRefusal(seconds: number): Refusal | undefined {
  if (seconds === 0) return undefined;
  return {
    status: 429,
    error: 'Too many wrong tokens came from this address.',
    headers: { 'retry-after': String(seconds) },
  };
}

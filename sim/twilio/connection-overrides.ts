import type { ProblemCode } from './problems.js';

/** How Twilio requests a webhook: its timeouts, and the failures after which it retries. */
export interface ConnectionRules {
  /** Maximum time to connect, TLS included. */
  connectMs: number;
  /** Maximum time before the first part of the answer, and between two parts. */
  readMs: number;
  /** Maximum time for all tries together. */
  totalMs: number;
  retries: number;
  retryOn: ReadonlySet<Failure>;
}

/** `ct`: no connection in time. `rt`: no answer in time. The others are answers with such a status. */
export type Failure = '4xx' | '5xx' | 'ct' | 'rt';

const FAILURES: readonly Failure[] = ['4xx', '5xx', 'ct', 'rt'];
/** The total is the maximum for a call's webhook (Twilio: Webhooks – connection overrides, warning). */
const DEFAULTS: ConnectionRules = {
  connectMs: 5000,
  readMs: 15_000,
  totalMs: 15_000,
  retries: 1,
  retryOn: new Set<Failure>(['ct']),
};
const PUBLIC_EDGES = ['ashburn', 'dublin', 'frankfurt', 'sao-paulo', 'singapore', 'sydney', 'tokyo', 'umatilla'];
const INTERCONNECT_EDGES = ['ashburn-ix', 'frankfurt-ix', 'london-ix', 'san-jose-ix', 'singapore-ix'];
const EDGES = [...PUBLIC_EDGES, ...INTERCONNECT_EDGES];

export interface BadOverride {
  code: ProblemCode;
  what: string;
}

/**
 * Parses the fragment of a webhook's URL (`#ct=1000&rc=2&rp=ct,rt`; Twilio: Webhooks – connection overrides). The edge
 * from which a request leaves Twilio (`e`) and whether TLS names the host (`sni`) are checked but have no effect here.
 */
export function connectionRules(url: string): ConnectionRules | BadOverride {
  const rules = { ...DEFAULTS };
  const at = url.indexOf('#');
  if (at < 0 || at === url.length - 1) return rules;
  for (const pair of url.slice(at + 1).split('&')) {
    const [key = '', value = ''] = pair.split('=', 2);
    const bad = apply(rules, key, value);
    if (bad !== undefined) return bad;
  }
  return rules;
}

function apply(rules: ConnectionRules, key: string, value: string): BadOverride | undefined {
  const within = (min: number, max: number): number | BadOverride => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    // The service's code for these is not documented.
    return number >= min && number <= max
      ? number
      : { code: 11200, what: `the connection override ${key} is a number from ${min} to ${max}` };
  };
  const take = (
    number: number | BadOverride,
    name: 'connectMs' | 'readMs' | 'totalMs' | 'retries',
  ): undefined | BadOverride => {
    if (typeof number !== 'number') return number;
    rules[name] = number;
    return undefined;
  };
  switch (key) {
    case 'ct':
      return take(within(100, 10_000), 'connectMs');
    case 'rt':
      return take(within(100, 15_000), 'readMs');
    case 'tt':
      return take(within(100, 15_000), 'totalMs');
    case 'rc':
      return take(within(0, 5), 'retries');
    case 'rp': {
      const named = value.split(',');
      if (named.includes('all') && named.length === 1) rules.retryOn = new Set(FAILURES);
      else if (named.every((name): name is Failure => (FAILURES as readonly string[]).includes(name)))
        rules.retryOn = new Set(named);
      else
        return { code: 11243, what: `the retry policy ${value} names something else than ${FAILURES.join(', ')}, all` };
      return undefined;
    }
    case 'e':
      return value.split(',').every((name) => EDGES.includes(name))
        ? undefined
        : { code: 11240, what: `the edge location ${value} is unknown` };
    case 'sni':
      return value === 'y' || value === 'n'
        ? undefined
        : { code: 11200, what: 'the connection override sni is y or n' };
    default:
      return { code: 11200, what: `the connection override ${key} is unknown` };
  }
}

import { type Shown, UsageError, asNpmScript } from '../../src/process/command-line.js';
import type { StoreLocation } from './agent-side.js';

/** What a gateway of this project reports on /health. For any other gateway it is empty. */
export interface Health {
  public_host?: string;
  embedded?: StoreLocation & { connect_phone_number?: string };
}

const LIMIT_MS = 5000;

/** Requests the gateway's /health. @throws UsageError if no server answers at that address */
export async function readHealth(gateway: URL, shown: Shown = asNpmScript): Promise<Health> {
  let response: Response;
  try {
    response = await fetch(new URL('/health', gateway), { signal: AbortSignal.timeout(LIMIT_MS) });
  } catch (error) {
    throw new UsageError(whyNot(gateway, error as Error, shown));
  }
  try {
    const health: unknown = response.ok ? await response.json() : {};
    return typeof health === 'object' && health !== null ? health : {};
  } catch {
    return {};
  }
}

function whyNot(gateway: URL, error: Error, shown: Shown): string {
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  const { origin } = gateway;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `No gateway answers at ${origin} (${code}). Start one with "${shown('start')}", or name another with --gateway.`;
  if (/CERT|SIGNED|ISSUER|SIGNATURE/.test(code))
    return `The certificate of ${origin} is not trusted (${code}). Set NODE_EXTRA_CA_CERTS to the file of its authority, or name the host it was issued for with --gateway.`;
  if (gateway.protocol === 'https:' && /SSL|EPROTO/.test(code))
    return `${origin} does not speak TLS (${code}). Try --gateway with http://.`;
  return `No gateway answers at ${origin} (${code || error.message}).`;
}

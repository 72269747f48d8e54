// Why a gateway of this project sent a call to a human without a conversation, read from its own counters.

/** Counters by their name with labels, as /metrics shows them. */
export type Counters = ReadonlyMap<string, number>;

const LIMIT_MS = 2000;

const REFUSALS: Readonly<Record<string, string>> = {
  call_limit: 'it has as many calls as MAX_CONCURRENT_CALLS allows',
  overload: 'its event loop was late (MAX_LOOP_DELAY_MS), so for some seconds it sends new callers to a human',
  provider_limit: 'its voice provider has no session left',
  stopping: 'it is stopping',
};

/** Reads the counters that give reasons. Empty if the gateway does not show its metrics here. */
export async function readCounters(gateway: URL): Promise<Counters> {
  try {
    const response = await fetch(new URL('/metrics', gateway), { signal: AbortSignal.timeout(LIMIT_MS) });
    if (!response.ok) return new Map();
    const wanted =
      /^(gateway_refused_calls_total|gateway_escalations_total|voice_provider_connection_failures_total)(\{[^}]*\}) (\d+)$/gm;
    const found = [...(await response.text()).matchAll(wanted)];
    return new Map(found.map(([, name = '', labels = '', count]) => [name + labels, Number(count)]));
  } catch {
    return new Map();
  }
}

/** Returns what the counters say has happened in between, as part of a sentence. `undefined` if they say nothing. */
export function reasonBetween(before: Counters, after: Counters): string | undefined {
  const raised = [...after].filter(([name, count]) => count > (before.get(name) ?? 0)).map(([name]) => name);
  const label = (metric: string, name: string): string | undefined =>
    new RegExp(`${name}="([^"]*)"`).exec(raised.find((one) => one.startsWith(metric)) ?? '')?.[1];
  const refusal = label('gateway_refused_calls', 'reason');
  if (refusal !== undefined) return REFUSALS[refusal] ?? refusal;
  const provider = label('voice_provider_connection_failures', 'provider');
  if (provider !== undefined) return `its voice provider ${provider} failed, and its log says why`;
  const escalation = label('gateway_escalations', 'reason');
  return escalation === undefined ? undefined : `it says ${escalation}, and its log says more`;
}

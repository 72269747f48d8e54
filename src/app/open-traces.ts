import { hostname } from 'node:os';
import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import { LOCAL_MODE_PEPPER } from '../handover/token.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { SpanSender, SpanValue } from '../telemetry/span.js';
import { ATTRIBUTE, PROVIDER_NAMES } from '../telemetry/span-names.js';
import { CallTraces } from '../trace/call-traces.js';

/** Opens the traces of calls. Whatever is needed to send them is loaded only if there is a receiver. */
export async function openTraces(
  config: Config,
  {
    clock,
    log,
    metrics,
    version,
    worker,
  }: { clock: Clock; log: Logger; metrics: Metrics; version: string; worker: string | undefined },
): Promise<{ traces: CallTraces; sender: SpanSender } | undefined> {
  if (config.traces === undefined) return undefined;
  const { openSpanSender } = await import('../telemetry/span-sender.js');
  const onDropped = (spans: number): void => metrics.spansDropped.inc(spans);
  const sender = await openSpanSender(config.traces, {
    instance: `${hostname()}${worker === undefined ? '' : `-w${worker}`}`,
    log,
    onDropped,
    version,
  });
  const key = config.handover.pepper ?? LOCAL_MODE_PEPPER;
  const traces = new CallTraces({ clock, sender, key, models: (provider) => modelOf(provider, config), onDropped });
  return { traces, sender };
}

/** Returns what the settings say of a provider. Nothing of it changes from call to call. */
export function modelOf(
  provider: string,
  { local, nova, openai, openaiLive }: Pick<Config, 'local' | 'nova' | 'openai' | 'openaiLive'>,
): Readonly<Record<string, SpanValue | undefined>> {
  const [model, url] =
    {
      openai: [openai.model, openai.baseUrl],
      'openai-live': [openaiLive.model, openai.baseUrl],
      nova: [nova.modelId, nova.endpointUrl ?? `https://bedrock-runtime.${nova.region}.amazonaws.com`],
      local: [local.llmModel, local.llmBaseUrl],
    }[provider] ?? [];
  return {
    [ATTRIBUTE.provider]: PROVIDER_NAMES[provider] ?? provider,
    [ATTRIBUTE.model]: model,
    [ATTRIBUTE.server]: url !== undefined && URL.canParse(url) ? new URL(url).hostname : undefined,
  };
}

import type { Clock } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import type { Config } from '../config/config.js';
import type { HubSpot } from '../crm/hubspot.js';
import { CallContextHook } from '../hooks/before-call.js';
import type { ContextNames } from '../hooks/context-answer.js';
import { type ContextSource, functionSource, hubSpotSource, urlSource } from '../hooks/context-sources.js';
import type { SharedNotes } from '../journal/shared-notes.js';
import type { Assistants } from '../prompts/assistants.js';
import { namedAssistant } from '../prompts/named-assistant.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Extensions } from './extensions.js';

/**
 * Opens the hook that is asked before a call is answered. `undefined` if there is none: then calls pay nothing for it.
 * @throws TandemError CONFIG_INVALID if there are two
 */
export function openCallContext(options: {
  config: Config;
  extensions: Extensions;
  env: Readonly<Record<string, string | undefined>>;
  crm: HubSpot | undefined;
  assistants: Assistants;
  /** `undefined` if no other instance can answer the same call. */
  notes: SharedNotes | undefined;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
}): CallContextHook | undefined {
  const { assistants, clock, config, log, metrics, notes } = options;
  const source = sourceOf(options);
  if (source === undefined) return undefined;
  return new CallContextHook({
    source,
    limitMs: config.callContext.limitMs,
    clock,
    notes,
    namesFor: (numberCalled) => namesFor(assistants, numberCalled),
    count: (outcome, seconds) => {
      metrics.callContext.inc({ outcome });
      metrics.callContextSeconds.observe(seconds);
    },
    log,
  });
}

function sourceOf({
  clock,
  config,
  crm,
  env,
  extensions,
}: Parameters<typeof openCallContext>[0]): ContextSource | undefined {
  const { source } = config.callContext;
  const { beforeCall } = extensions;
  if (beforeCall !== undefined && source !== undefined) {
    const setting = source.from === 'url' ? 'CALL_CONTEXT_URL' : 'CALL_CONTEXT_HUBSPOT';
    throw new TandemError(
      'CONFIG_INVALID',
      `${setting} is set, and an extension exports "beforeCall". A call is asked about once. Remove one of them.`,
    );
  }
  if (beforeCall !== undefined) return functionSource(beforeCall, env);
  if (source?.from === 'url') return urlSource({ ...source, clock });
  return source === undefined || crm === undefined
    ? undefined
    : hubSpotSource((e164, signal) => crm.lookUp(e164, signal));
}

function namesFor(assistants: Assistants, numberCalled: string): ContextNames {
  const find = (name: string | undefined) => namedAssistant(assistants, name, numberCalled);
  return {
    hasAssistant: (name) => find(name) !== undefined,
    speaks: (assistant, language) => find(assistant)?.promptIn(language) !== undefined,
  };
}

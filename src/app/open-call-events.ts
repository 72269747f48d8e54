import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import type { Config } from '../config/config.js';
import { CallEvents } from '../hooks/call-events.js';
import { EventOutbox } from '../hooks/event-outbox.js';
import { type EventSink, functionSink, urlSink } from '../hooks/event-sinks.js';
import type { SharedNotes } from '../journal/shared-notes.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Extensions } from './extensions.js';

/**
 * Opens what tells the operator's systems of calls. `undefined` if nothing is told: then calls pay nothing for it.
 * @throws TandemError CONFIG_INVALID if two would be told
 */
export function openCallEvents(options: {
  config: Config;
  extensions: Extensions;
  env: Readonly<Record<string, string | undefined>>;
  notes: SharedNotes;
  /** Whether other instances read the same notes. */
  isShared: boolean;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
}): CallEvents | undefined {
  const { clock, config, isShared, log, metrics, notes } = options;
  const sink = sinkOf(options);
  if (sink === undefined) return undefined;
  const { maxTries, withTranscript } = config.callEvents;
  const outbox = new EventOutbox({
    notes,
    isShared,
    instanceId: randomUUID(),
    sink,
    maxTries,
    clock,
    count: (outcome) => metrics.callEvents.inc({ outcome }),
    onFailedTry: () => metrics.callEventFailures.inc(),
    log,
  });
  return new CallEvents({ outbox, clock, withTranscript });
}

function sinkOf({ clock, config, env, extensions }: Parameters<typeof openCallEvents>[0]): EventSink | undefined {
  const { afterCall, onCallEvent } = extensions;
  const { receiver } = config.callEvents;
  const hasFunction = afterCall !== undefined || onCallEvent !== undefined;
  if (hasFunction && receiver !== undefined) {
    const name = onCallEvent === undefined ? 'afterCall' : 'onCallEvent';
    throw new TandemError(
      'CONFIG_INVALID',
      `CALL_EVENTS_URL is set, and an extension exports "${name}". One of them can be told of calls. Remove the other.`,
    );
  }
  if (hasFunction) return functionSink({ afterCall, onCallEvent }, env);
  return receiver && urlSink({ ...receiver, clock });
}

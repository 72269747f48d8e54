import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import type { OwnPhrases } from '../escalation/asks-for-human.js';
import type { TapeRecorder } from '../tape/recorder.js';
import type { Logger } from '../telemetry/log.js';
import type { VoiceProvider } from '../voice/session.js';

/** Opens the recorder of calls if they are recorded. Its code is loaded only then. */
export async function openTapes(
  { tapes }: Config,
  parts: {
    /** Those in place of the configured ones. */
    providers: readonly VoiceProvider[] | undefined;
    /** The name of this process, if it is one of several behind one port. */
    worker: string | undefined;
    clock: Clock;
    log: Logger;
    ownPhrases: OwnPhrases;
  },
): Promise<TapeRecorder | undefined> {
  if (tapes === undefined) return undefined;
  const { openRecorder } = await import('../tape/open-recorder.js');
  const { clock, log, ownPhrases, providers, worker } = parts;
  return openRecorder({
    config: tapes,
    settings: { ownPhrases, providers: providers?.map(({ name }) => name), worker },
    clock,
    log,
  });
}

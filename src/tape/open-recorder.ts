import { chmod, mkdir, readFile, readdir, stat } from 'node:fs/promises';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import { KeptTapes } from './kept-tapes.js';
import { TapeFile } from './tape-file.js';
import { type CommonSettings, TapeRecorder } from './recorder.js';

export interface TapeConfig {
  /** TAPE_DIR. */
  dir: string;
  variables: Readonly<Record<string, string>>;
  /** The secrets that are set, by name. */
  secrets: Readonly<Record<string, string>>;
}

/**
 * Opens the recorder of calls. A folder that cannot be used costs the tapes and not the gateway: the log says so, and nothing is
 * recorded.
 */
export async function openRecorder(options: {
  config: TapeConfig;
  settings: Pick<CommonSettings, 'ownPhrases' | 'providers' | 'worker'>;
  clock: Clock;
  log: Logger;
}): Promise<TapeRecorder | undefined> {
  const { clock, config, log, settings } = options;
  try {
    await privateFolder(config.dir);
  } catch (error) {
    log.warn({ err: error, setting: 'TAPE_DIR' }, 'calls are not recorded, because the folder of tapes cannot be used');
    return undefined;
  }
  log.warn({ setting: 'TAPE_DIR' }, 'every call is recorded, with all that is said; tell the callers');
  const kept = new KeptTapes(config.dir);
  return new TapeRecorder({
    kept,
    clock,
    version: await ownVersion(),
    settings: { ...settings, variables: config.variables, secrets: Object.keys(config.secrets) },
    secrets: secretValues(config.secrets),
    open: (callSid) => {
      kept.began(callSid);
      return new TapeFile({
        path: kept.pathOf(callSid),
        clock,
        onLost: (error) => {
          kept.lost(callSid);
          log.warn(
            { err: error, call_sid: callSid, setting: 'TAPE_DIR' },
            'the tape of a call cannot be written; the call goes on',
          );
        },
      });
    },
  });
}

/** A setting can hold several secrets. */
function secretValues(secrets: Readonly<Record<string, string>>): string[] {
  const values = Object.values(secrets).flatMap((value) => [value, ...value.split(',')]);
  return values.map((value) => value.trim()).sort((a, b) => b.length - a.length);
}

async function ownVersion(): Promise<string> {
  const text = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const OTHERS = 0o077;

/** Creates the folder for its owner alone. One that others may read is closed to them only if it holds nothing but tapes. */
async function privateFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (((await stat(dir)).mode & OTHERS) === 0) return;
  const isOnlyTapes = (await readdir(dir)).every((name) => name.endsWith('.jsonl'));
  if (!isOnlyTapes) throw new Error('other users may read the folder; set its mode to 0700');
  await chmod(dir, 0o700);
}

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';

const TASKSET = '/usr/bin/taskset';
const last = cpus().length - 1;
const canPin = last > 0 && existsSync(TASKSET);

/** Options with which `fork` starts a process on the last core. Empty if there is no `taskset` or only one core. */
export const ON_LAST_CORE: { execPath?: string; execArgv: string[] } = canPin
  ? { execPath: TASKSET, execArgv: ['-c', String(last), process.execPath] }
  : { execArgv: [] };

/** The same for a process that gets all cores but the last. */
export const ON_FIRST_CORES: typeof ON_LAST_CORE = canPin
  ? { execPath: TASKSET, execArgv: ['-c', `0-${last - 1}`, process.execPath] }
  : { execArgv: [] };

/** Keeps this process off the last core. Returns a function that undoes it. */
export function leaveLastCore(): () => void {
  if (!canPin) return () => undefined;
  allow(`0-${last - 1}`);
  return () => allow(`0-${last}`);
}

function allow(cores: string): void {
  spawnSync(TASKSET, ['-acp', cores, String(process.pid)]);
}

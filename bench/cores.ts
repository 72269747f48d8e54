import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';

const TASKSET = '/usr/bin/taskset';
const last = cpus().length - 1;
const canPin = last > 0 && existsSync(TASKSET);

/** How `fork` starts a process that has the last core for its own work, where the system can say so. */
export const ON_LAST_CORE: { execPath?: string; execArgv: string[] } = canPin
  ? { execPath: TASKSET, execArgv: ['-c', String(last), process.execPath] }
  : { execArgv: [] };

/** Keeps this process off the last core; gives a function that ends that. */
export function leaveLastCore(): () => void {
  if (!canPin) return () => undefined;
  allow(`0-${last - 1}`);
  return () => allow(`0-${last}`);
}

function allow(cores: string): void {
  spawnSync(TASKSET, ['-acp', cores, String(process.pid)]);
}

import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import type { ClockWatch } from './clock-watch.js';
import type { Finding } from './finding.js';
import type { Named } from './named.js';

/** What every check may use. */
export interface CheckContext {
  config: Config;
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  /** Ends when the time of the check is over. */
  signal: AbortSignal;
  /** What extensions and the assistants' file name. Rejects with CONFIG_INVALID; see {@link readNamed}. */
  named: Promise<Named>;
  /** Learns the time of the services that were asked. */
  clocks: ClockWatch;
}

export interface Check {
  /** The service, as the report names it. */
  name: string;
  /** Whether the settings ask for the service. Without it the check always runs. */
  applies?: (config: Config) => boolean;
  /** A rejection counts as a fault. An empty list says nothing. */
  run: (context: CheckContext) => Promise<Finding[]> | Finding[];
}

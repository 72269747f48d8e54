import type { Config } from '../config/config.js';
import { TandemError } from '../base/errors.js';

/**
 * Returns the configuration of one worker, with its share of the limits for the whole.
 * @throws TandemError CONFIG_INVALID if a limit is smaller than the number of workers
 */
export function shareOf(config: Config, index: number, workers: number): Config {
  const share = (name: string, limit: number): number => {
    const mine = Math.floor(limit / workers) + (index < limit % workers ? 1 : 0);
    if (mine > 0) return mine;
    throw new TandemError(
      'CONFIG_INVALID',
      `${name} allows ${limit}, which is too few for ${workers} workers. Raise it or start fewer workers.`,
    );
  };
  const { maxConcurrentCalls, maxSessions } = config;
  return {
    ...config,
    maxConcurrentCalls: maxConcurrentCalls === 0 ? 0 : share('MAX_CONCURRENT_CALLS', maxConcurrentCalls),
    maxSessions: Object.fromEntries(
      Object.entries(maxSessions).map(([provider, limit]) => [provider, share('MAX_VOICE_SESSIONS', limit)]),
    ),
  };
}

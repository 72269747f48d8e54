import { journalKeys, redisUrl } from '../formats.js';
import { secret } from './variable.js';

export const INSTANCES = {
  REDIS_URL: secret({
    about:
      'Redis in which instances share their calls: redis://, redis+sentinel:// or redis+cluster://, with rediss for TLS. Unset: each instance keeps its calls in memory.',
    schema: redisUrl,
  }),
  JOURNAL_KEY: secret({
    about:
      'Key that encrypts the calls in Redis: 32 bytes in base64 or hexadecimal, the same for all instances. During a rotation a comma-separated list, of which the first key encrypts. Required with REDIS_URL.',
    schema: journalKeys,
  }),
} as const;

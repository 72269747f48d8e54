import type { Config } from '../../config/config.js';
import { versionedPath } from '../../crm/hubspot-api.js';
import { ask, isUnreached } from '../ask.js';
import { type Answer, answered, unclear } from './questions.js';

/** Reads the account with the key as a Bearer token, and names the headers about limits. */
export async function tryKey(settings: NonNullable<Config['hubspot']>, signal: AbortSignal): Promise<Answer> {
  const { accessToken, apiVersion, baseUrl } = settings;
  const answer = await ask(`${baseUrl}${versionedPath(apiVersion, 'account-info', 'details')}`, {
    headers: { authorization: `Bearer ${accessToken}` },
    signal,
  });
  if (isUnreached(answer)) return unclear(`HubSpot was not reached: ${answer.why}.`);
  // The tokens of private apps begin so (HubSpot: private apps). How service keys begin is part of the question.
  const kind = /^pat-[a-z0-9]+-/.test(accessToken)
    ? 'a key that begins like the token of a private app'
    : 'a key of another form';
  const limits = [...answer.headers.keys()]
    .filter((name) => name.startsWith('x-hubspot-ratelimit'))
    .toSorted((a, b) => a.localeCompare(b));
  const seen = { status: answer.status, key: kind, limit_headers: limits.join(', ') };
  return answer.status === 200
    ? answered(
        `HubSpot takes ${kind} as a Bearer token, and answers with ${limits.length === 0 ? 'no header about limits' : limits.join(', ')}.`,
        seen,
      )
    : unclear(`HubSpot answers ${answer.status} to ${kind} as a Bearer token.`, seen);
}

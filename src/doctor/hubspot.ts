import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import { versionedPath } from '../crm/hubspot-api.js';
import { type Answer, type Unreached, ask, codeText, isUnreached, member, shownUrl } from './ask.js';
import type { ClockWatch } from './clock-watch.js';
import { type Finding, advice, fault, fine } from './finding.js';

export interface HubSpotQuestion {
  settings: NonNullable<Config['hubspot']>;
  clock: Clock;
  clocks: ClockWatch;
  signal: AbortSignal;
}

/** No account has it, so a create that names it is refused once the scope has been checked, and nothing is written. */
const NO_PROPERTY = { properties: { tandem_doctor_no_such_property: '1' } };
/** A number that nobody has (ITU-T E.164: no country has the code 999). */
const NO_NUMBER = '+99900000000';

/** Reads the account, tries each scope without writing anything, and looks for the pipeline and its stage. */
export async function askHubSpot(question: HubSpotQuestion): Promise<Finding[]> {
  const { clock, clocks, settings, signal } = question;
  const { accessToken, apiVersion, baseUrl, pipeline, stage } = settings;
  const request = (json: unknown, family: string, ...rest: readonly string[]): Promise<Answer | Unreached> =>
    ask(`${baseUrl}${versionedPath(apiVersion, family, ...rest)}`, {
      headers: { authorization: `Bearer ${accessToken}`, accept: 'application/json' },
      ...(json === undefined ? {} : { json }),
      signal,
    });
  const account = await request(undefined, 'account-info', 'details');
  if (isUnreached(account))
    return [
      fault(
        'hubspot-unreachable',
        `${shownUrl(baseUrl)} cannot be reached: ${account.why}. Check HUBSPOT_BASE_URL and the network.`,
      ),
    ];
  clocks.note('HubSpot', account.headers.get('date'), clock.epochMs());
  if (account.status !== 200) return [accountRefused(account, settings)];
  const search = {
    filterGroups: [{ filters: [{ propertyName: 'phone', operator: 'EQ', value: NO_NUMBER }] }],
    properties: [],
    limit: 1,
  };
  const [read, write, tickets, pipelines] = await Promise.all([
    request(search, 'crm', 'objects', 'contacts/search'),
    request(NO_PROPERTY, 'crm', 'objects', 'contacts'),
    request(NO_PROPERTY, 'crm', 'objects', 'tickets'),
    request(undefined, 'crm', 'pipelines', 'tickets'),
  ]);
  const found = [
    scopeFinding(read, 'crm.objects.contacts.read'),
    scopeFinding(write, 'crm.objects.contacts.write'),
    scopeFinding(tickets, 'tickets'),
    pipelineFinding(pipelines, pipeline, stage),
  ].filter((finding) => finding !== undefined);
  if (found.some(({ result }) => result === 'fault')) return found;
  const portal = member(account.body, 'portalId');
  const text = `Account ${typeof portal === 'number' ? portal : 'unknown'}, API ${apiVersion}: the key has every scope${found.length === 0 ? `, and pipeline ${pipeline} has stage ${stage}` : ''}.`;
  return [fine('hubspot-ready', text), ...found];
}

function accountRefused({ body, status }: Answer, { apiVersion, baseUrl }: NonNullable<Config['hubspot']>): Finding {
  const category = codeText(member(body, 'category'));
  const detail = category === undefined ? `HTTP ${status}` : `HTTP ${status}, ${category}`;
  if (status === 401)
    return fault(
      'hubspot-key',
      `HubSpot refuses HUBSPOT_ACCESS_TOKEN (${detail}). Make a service key under Settings › Integrations › Service Keys (docs/build/hubspot.md).`,
    );
  if (status === 403)
    return fault(
      'hubspot-scope',
      `HubSpot refuses to name the account (${detail}). Check the scopes of the key (docs/build/hubspot.md).`,
    );
  if (status === 404)
    return fault(
      'hubspot-version',
      `${shownUrl(baseUrl)} has no API ${apiVersion} (${detail}). Check HUBSPOT_API_VERSION and HUBSPOT_BASE_URL.`,
    );
  if (status === 429)
    return advice(
      'hubspot-limit',
      `HubSpot's limit is used up now (${detail}). See which other programs use the account.`,
    );
  return fault(
    'hubspot-unreachable',
    `HubSpot failed (${detail}). Ask again; if this repeats, see status.hubspot.com.`,
  );
}

/** `undefined` if the scope is there. */
function scopeFinding(answer: Answer | Unreached, scope: string): Finding | undefined {
  if (isUnreached(answer))
    return advice('hubspot-unreachable', `Whether the key has the scope ${scope} is not known: ${answer.why}.`);
  const { status } = answer;
  if (status === 403)
    return fault(
      'hubspot-scope',
      `The key lacks the scope ${scope}. Add it under Settings › Integrations › Service Keys.`,
    );
  if (status === 429)
    return advice(
      'hubspot-limit',
      `Whether the key has the scope ${scope} is not known, because HubSpot's limit is used up now.`,
    );
  // A search answers 200. A create is refused for its property, which comes after the scope.
  if (status === 200 || status === 400) return undefined;
  return advice('hubspot-unreachable', `Whether the key has the scope ${scope} is not known (HTTP ${status}).`);
}

function pipelineFinding(answer: Answer | Unreached, pipeline: string, stage: string): Finding | undefined {
  const listed = isUnreached(answer) ? undefined : member(answer.body, 'results');
  if (!Array.isArray(listed))
    return advice(
      'hubspot-pipeline',
      `Whether pipeline ${pipeline} has stage ${stage} is not known, because the pipelines could not be read.`,
    );
  const pipelines = listed.map((one) => ({ id: member(one, 'id'), stages: member(one, 'stages') }));
  const ours = pipelines.find(({ id }) => id === pipeline);
  if (ours === undefined)
    return fault(
      'hubspot-pipeline',
      `The account has no pipeline ${pipeline} for tickets; it has ${namesOf(pipelines)}. Set HUBSPOT_TICKET_PIPELINE.`,
    );
  const stages = Array.isArray(ours.stages) ? (ours.stages as unknown[]).map((one) => ({ id: member(one, 'id') })) : [];
  if (stages.some(({ id }) => id === stage)) return undefined;
  return fault(
    'hubspot-pipeline',
    `Pipeline ${pipeline} has no stage ${stage}; it has ${namesOf(stages)}. Set HUBSPOT_TICKET_STAGE.`,
  );
}

function namesOf(listed: readonly { id: unknown }[]): string {
  const ids = listed.map(({ id }) => codeText(id)).filter((id) => id !== undefined);
  return ids.length === 0 ? 'none' : ids.slice(0, 20).join(', ');
}

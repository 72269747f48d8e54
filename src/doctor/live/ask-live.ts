import type { CheckContext } from '../check.js';
import { whoAnswers } from '../who-answers.js';
import { tryEmpty } from './connect.js';
import { tryKey } from './hubspot.js';
import { tryHead } from './nova.js';
import { tryBeside, tryHints } from './openai.js';
import { type Answer, QUESTIONS, type Question, type QuestionId, notAsked, unclear } from './questions.js';
import { tryWebhooks } from './twilio.js';

/** What is written about one question. */
export interface LiveAnswer extends Answer {
  id: QuestionId;
  area: Question['area'];
  question: string;
}

/** Maximum time of all probes. Twilio's take the longest, because Twilio may ask again for 12 s. */
export const LIVE_MS = 150_000;

/** Puts every question to the account, one service beside the other. Never rejects. */
export async function askLive(context: CheckContext): Promise<LiveAnswer[]> {
  const [openai, nova, hubspot, connect, twilio] = await Promise.all([
    askOpenAi(context),
    askNova(context),
    askHubSpot(context),
    askConnect(context),
    askTwilio(context),
  ]);
  const found: Partial<Record<QuestionId, Answer>> = { ...openai, ...nova, ...hubspot, ...connect, ...twilio };
  return (Object.entries(QUESTIONS) as [QuestionId, Question][]).map(([id, { area, byCall, text }]) => ({
    id,
    area,
    question: text,
    ...(found[id] ?? notAsked(byCall ?? 'The settings do not name the service.')),
  }));
}

type Answers = Partial<Record<QuestionId, Answer>>;

/** An error of a probe is an answer, too. Only its name is kept. */
async function kept(probe: Promise<Answer>): Promise<Answer> {
  try {
    return await probe;
  } catch (error) {
    const name = error instanceof Error && /^\w{1,80}$/.test(error.name) ? error.name : typeof error;
    return unclear(`The question could not be put (${name}).`);
  }
}

async function askOpenAi(context: CheckContext): Promise<Answers> {
  const { config, signal } = context;
  const { providers } = await whoAnswers(context);
  if (!providers.includes('openai')) return {};
  return {
    'openai-hint': await kept(tryHints(config.openai, signal)),
    'openai-beside': await kept(tryBeside(config.openai, signal)),
  };
}

async function askNova(context: CheckContext): Promise<Answers> {
  const { clock, config, signal } = context;
  const { providers } = await whoAnswers(context);
  return providers.includes('nova')
    ? { 'nova-head': await kept(tryHead({ settings: config.nova, clock, signal })) }
    : {};
}

async function askHubSpot({ config, signal }: CheckContext): Promise<Answers> {
  return config.hubspot === undefined ? {} : { 'hubspot-key': await kept(tryKey(config.hubspot, signal)) };
}

async function askConnect(context: CheckContext): Promise<Answers> {
  const { clock, config } = context;
  const { dial, handover } = config;
  if (dial.instanceId === undefined) return {};
  const { queues } = await whoAnswers(context);
  const question = { dial, region: handover.region, localCredentials: handover.embedded, queues, clock };
  return { 'connect-empty': await kept(tryEmpty(question)) };
}

async function askTwilio({ clock, config, signal }: CheckContext): Promise<Answers> {
  const { dial, host, port, publicHost, twilio } = config;
  const { accountSid, authTokens, phoneNumber, sharedKeys } = twilio;
  const [authToken] = authTokens;
  if (accountSid === undefined || authToken === undefined) return {};
  const asked = tryWebhooks({
    account: { baseUrl: dial.restUrl, accountSid, authToken },
    from: phoneNumber,
    publicHost,
    listen: { host, port },
    signingKeys: [...authTokens, ...sharedKeys],
    clock,
    signal,
  });
  return {
    'twilio-fragment': await kept(asked.then(({ fragment }) => fragment)),
    'twilio-retries': await kept(asked.then(({ retries }) => retries)),
  };
}

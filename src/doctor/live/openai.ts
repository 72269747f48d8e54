import type { Config } from '../../config/config.js';
import { realtimeUrl } from '../../voice/openai/account.js';
import { member } from '../ask.js';
import { openAiHeaders, openAiSession } from '../openai.js';
import { RealtimeLine, errorOf } from '../realtime-line.js';
import { type Answer, answered, unclear } from './questions.js';

const METADATA = { tandem_doctor: 'beside' };
const MAX_TOKENS = 64;

/** Sets the two spellings of the hint, each for the model that the settings name. Nothing is said, so nothing is charged. */
export async function tryHints(settings: Config['openai'], signal: AbortSignal): Promise<Answer> {
  const line = await openLine(settings, signal);
  if (typeof line === 'string') return unclear(line);
  try {
    const model = settings.transcriptionModel;
    const language = await tryTranscription(line, { model, language: 'en' });
    const languages = await tryTranscription(line, { model, languages: ['en'] });
    return answered(`With ${model} language is ${language}, and languages is ${languages}.`, {
      model,
      language,
      languages,
    });
  } finally {
    line.close();
  }
}

async function tryTranscription(line: RealtimeLine, transcription: Record<string, unknown>): Promise<string> {
  line.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { transcription } } } });
  const answer = await line.next('session.updated', 'error');
  if (answer === undefined) return 'without an answer';
  if (answer.type === 'session.updated') return 'taken';
  const { code, param } = errorOf(answer);
  return `refused (${param === '' ? code : `${code}, ${param}`})`;
}

/** Has the model count, and asks for a text beside it. It costs about a cent. */
export async function tryBeside(settings: Config['openai'], signal: AbortSignal): Promise<Answer> {
  const line = await openLine(settings, signal);
  if (typeof line === 'string') return unclear(line);
  try {
    line.send({ type: 'response.create', response: { instructions: 'Count slowly from one to thirty.' } });
    const first = await line.next('response.created', 'error');
    if (first?.type !== 'response.created')
      return unclear(
        `No response could be started (${first === undefined ? 'the connection ended' : errorOf(first).code}).`,
      );
    const firstId = member(first, 'response', 'id');
    line.send({
      type: 'response.create',
      response: {
        conversation: 'none',
        output_modalities: ['text'],
        metadata: METADATA,
        instructions: 'Answer with the word OK.',
        input: [],
        max_output_tokens: MAX_TOKENS,
      },
    });
    return await judgeBeside(line, firstId);
  } finally {
    line.close();
  }
}

async function judgeBeside(line: RealtimeLine, firstId: unknown): Promise<Answer> {
  let isFirstDone = false;
  for (;;) {
    const event = await line.next('response.created', 'response.done', 'error');
    if (event === undefined) return unclear('The connection ended before the answer.');
    if (event.type === 'error') {
      const { code, param } = errorOf(event);
      return answered(`It is refused (${code}).`, { code, param });
    }
    const id = member(event, 'response', 'id');
    if (event.type === 'response.done') {
      const code = member(event, 'response', 'status_details', 'error', 'code');
      if (id === firstId && typeof code === 'string')
        return unclear(`The first response failed (${/^\w{1,60}$/.test(code) ? code : 'an error'}).`);
      isFirstDone ||= id === firstId;
      continue;
    }
    const isEchoed = member(event, 'response', 'metadata', 'tandem_doctor') === METADATA.tandem_doctor;
    const when = isFirstDone ? 'It is taken once the first one is done' : 'It is taken while another is in progress';
    return answered(`${when}, and its metadata is ${isEchoed ? '' : 'not '}echoed.`, {
      while_in_progress: !isFirstDone,
      metadata_echoed: isEchoed,
    });
  }
}

/** Returns a line whose settings are those of a call, or why there is none. */
async function openLine(settings: Config['openai'], signal: AbortSignal): Promise<RealtimeLine | string> {
  const line = await RealtimeLine.open(realtimeUrl(settings.baseUrl, settings.model), openAiHeaders(settings), signal);
  if (!(line instanceof RealtimeLine))
    return 'why' in line ? `There is no session: ${line.why}.` : `There is no session: HTTP ${line.status}.`;
  const created = await line.next('session.created', 'error');
  line.send({ type: 'session.update', session: openAiSession(settings, settings.voice, 'en') });
  const updated = created?.type === 'session.created' ? await line.next('session.updated', 'error') : created;
  if (updated !== undefined && updated.type !== 'error') return line;
  line.close();
  return `The settings of a call are not taken (${updated === undefined ? 'the connection ended' : errorOf(updated).code}).`;
}

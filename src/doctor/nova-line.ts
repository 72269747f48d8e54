import { randomUUID } from 'node:crypto';
import { type BedrockRuntimeClient, InvokeModelWithBidirectionalStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { type Clock, type Timer, sleep } from '../base/clock.js';
import { InputEvents } from '../voice/nova/input-events.js';
import { InputQueue } from '../voice/nova/input-queue.js';
import { parseOutput } from '../voice/nova/output-events.js';
import { createSeed } from '../voice/nova/seed.js';

export interface NovaLineOptions {
  client: BedrockRuntimeClient;
  modelId: string;
  voice: string;
  clock: Clock;
  /** How long the session stays silent before the model is asked to speak, in milliseconds. */
  silentMs: number;
  signal: AbortSignal;
}

/** What came of one session. Times are in milliseconds since the request. */
export interface NovaLineResult {
  /** When the head of the response came. */
  headMs: number | undefined;
  /** When the first event of the model came. */
  outputMs: number | undefined;
  /** When the first speech came. With it the session has proved everything, and was ended. */
  speechMs: number | undefined;
  /** When the model was asked to speak. */
  askedMs: number | undefined;
  /** The `date` header of the response. */
  date: string | undefined;
  /** What the SDK threw. `undefined` if the session ended without an error. */
  error: unknown;
}

/** Silence before the first text; see the gateway's own session. */
const LEAD_MS = 200;
const FRAME_MS = 40;
const ENDING_MS = 100;
const BYTES_PER_MS = 16;
const SILENCE = Buffer.alloc(FRAME_MS * BYTES_PER_MS).toString('base64');

/** Opens one session with Nova, has it say a word, and ends it. Unlike the gateway's own it keeps the SDK's error. */
export async function tryNova(options: NovaLineOptions): Promise<NovaLineResult> {
  const { client, clock, modelId, signal, silentMs, voice } = options;
  const events = new InputEvents({ promptName: randomUUID(), audioName: randomUUID() });
  const queue = new InputQueue({ maxAudioMs: 10_000, onDropped: () => undefined });
  const { opening = '', setup } = createSeed({
    session: {
      answersLast: false,
      conversation: { turns: [], isPlaying: false },
      greeting: 'Ready.',
      instructions: 'You answer in one word.',
      tools: [],
    },
    isBlind: false,
    events,
    newId: randomUUID,
    voice,
    endpointingSensitivity: 'HIGH',
  });
  const startedMs = clock.now();
  const since = (): number => clock.now() - startedMs;
  const result: NovaLineResult = {
    headMs: undefined,
    outputMs: undefined,
    speechMs: undefined,
    askedMs: undefined,
    date: undefined,
    error: undefined,
  };
  queue.push(setup);
  let timer: Timer | undefined;
  const speak = (sentMs: number): void => {
    queue.push([events.audio(SILENCE)]);
    if (result.askedMs === undefined && sentMs >= silentMs + LEAD_MS) {
      result.askedMs = since();
      queue.push(events.textBlock(randomUUID(), 'USER', [opening], true));
    }
    // The first frames go out at once, and the rest as they would be spoken.
    if (sentMs < LEAD_MS) speak(sentMs + FRAME_MS);
    else timer = clock.setTimer(FRAME_MS, () => speak(sentMs + FRAME_MS));
  };
  speak(0);
  const command = new InvokeModelWithBidirectionalStreamCommand({ modelId, body: queue });
  command.middlewareStack.add(
    (next) => async (args) => {
      const head = await next(args);
      const { headers, statusCode } = head.response as { headers?: Record<string, string>; statusCode?: number };
      result.date = headers?.['date'];
      if (statusCode === 200) result.headMs ??= since();
      return head;
    },
    { step: 'deserialize', priority: 'low', name: 'noticeHead' },
  );
  const abort = new AbortController();
  try {
    const { body } = await client.send(command, { abortSignal: AbortSignal.any([signal, abort.signal]) });
    for await (const { chunk } of body ?? []) {
      result.outputMs ??= since();
      const parsed = chunk?.bytes === undefined ? undefined : parseOutput(chunk.bytes);
      if (parsed?.ok !== true || parsed.event.type !== 'audio') continue;
      result.speechMs = since();
      break;
    }
  } catch (error) {
    result.error = error;
  } finally {
    timer?.cancel();
    queue.push(events.ending());
    queue.end();
    // The service frees the place of the session once it has read its end. Only the signal ends the connection.
    if (result.error === undefined) await sleep(clock, ENDING_MS);
    abort.abort();
  }
  return result;
}

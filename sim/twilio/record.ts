import { randomBytes } from 'node:crypto';
import { MULAW_BYTES_PER_MS } from '../../src/audio/chunk.js';
import { mulawRms } from '../../src/audio/level.js';
import { type Fields, rfc2822 } from './fields.js';
import type { Element } from './twiml.js';
import type { VerbContext } from './verb-context.js';

/** Twilio: Record – defaults for the silence that ends a recording, its maximum length, and the keys that end it. */
const SILENCE_SECONDS = '5';
const MAX_SECONDS = '3600';
const ANY_KEY = '1234567890*#';
/** The recording advances in steps of this length. */
const STEP_MS = 100;
/** Minimum loudness (RMS of 16-bit samples) of what counts as speech. */
const SPEECH_LEVEL = 150;
/** Length of the beep before the recording. */
const BEEP_MS = 1000;

/**
 * Runs `<Record>`. Records the caller until a key, silence, the maximum length or a hang-up. Resolves with the fields
 * of the action request. Resolves with `undefined` if nothing was recorded, because Twilio then requests no URL and
 * runs the next verb.
 */
export async function record(script: VerbContext, verb: Element): Promise<Fields | undefined> {
  const { call, life } = script;
  const { finishOnKey = ANY_KEY, maxLength = MAX_SECONDS, playBeep, timeout = SILENCE_SECONDS } = verb.attributes;
  const maxMs = Number(maxLength) * 1000;
  const silenceMs = Number(timeout) * 1000;
  if (playBeep !== 'false') await life.pass(BEEP_MS);
  if (life.isOver) return undefined;

  let unheardMs = 0;
  call.farEnd = (mulaw) => {
    // A telephone sends its silence, too.
    if (mulawRms(mulaw) >= SPEECH_LEVEL) unheardMs += mulaw.length / MULAW_BYTES_PER_MS;
  };
  call.emit('recording-started');
  const keys: string[] = [];
  let spokenMs = 0;
  let passedMs = 0;
  let quietMs = 0;
  const onKey = (digit: string): void => {
    if (finishOnKey.includes(digit)) keys.push(digit);
  };
  call.on('key', onKey);
  while (!life.isOver && keys.length === 0 && passedMs < maxMs && quietMs < silenceMs) {
    const saidMs = Math.min(STEP_MS, unheardMs);
    unheardMs -= saidMs;
    quietMs = saidMs > 0 ? 0 : quietMs + STEP_MS;
    spokenMs += saidMs;
    passedMs += STEP_MS;
    await life.pass(STEP_MS);
  }
  call.off('key', onKey);
  call.farEnd = undefined;
  call.emit('recording-ended', spokenMs);
  if (spokenMs === 0) return undefined;
  const sid = `RE${randomBytes(16).toString('hex')}`;
  const { accountSid } = call.carrier.options;
  const fields = {
    RecordingSid: sid,
    RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/${accountSid}/Recordings/${sid}`,
    RecordingDuration: String(Math.max(1, Math.round(spokenMs / 1000))),
  };
  report(script, verb, fields);
  return { ...fields, Digits: life.isOver ? 'hangup' : (keys[0] ?? '') };
}

/** Twilio: Record – recordingStatusCallback. By default the completed recording is reported. */
function report({ call }: VerbContext, verb: Element, fields: Readonly<Record<string, string>>): void {
  const {
    recordingStatusCallback,
    recordingStatusCallbackEvent = 'completed',
    recordingStatusCallbackMethod,
  } = verb.attributes;
  if (recordingStatusCallback === undefined || !recordingStatusCallbackEvent.split(' ').includes('completed')) return;
  call.callback(recordingStatusCallback, recordingStatusCallbackMethod, {
    AccountSid: call.carrier.options.accountSid,
    CallSid: call.callSid,
    ...fields,
    RecordingStatus: 'completed',
    RecordingChannels: '1',
    RecordingSource: 'RecordVerb',
    RecordingStartTime: rfc2822(call.carrier.clock.epochMs()),
  });
}

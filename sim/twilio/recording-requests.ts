import type { RestError } from './call-update.js';
import type { CarrierCall } from './carrier-call.js';
import { CallRecording, type RecordingEvent, type RecordingOptions } from './call-recording.js';

// Twilio's Recordings subresource of a call (Twilio: API – Recording resource).

/** Stands for the recording that is active (Twilio: Recording – update). */
const CURRENT = 'Twilio.CURRENT';
const CREATE_FIELDS = new Set([
  'RecordingChannels',
  'RecordingStatusCallback',
  'RecordingStatusCallbackEvent',
  'RecordingStatusCallbackMethod',
  'RecordingTrack',
  'Trim',
]);
const UPDATE_FIELDS = new Set(['PauseBehavior', 'Status']);
const EVENTS: readonly string[] = ['in-progress', 'completed', 'absent'];

type Result = RestError | { resource: Record<string, unknown> };

/** Starts a recording, as `POST …/Calls/{CA}/Recordings.json` does. */
export function startRecording(call: CarrierCall, form: URLSearchParams): Result {
  const options = optionsOf(call, form);
  if ('code' in options) return options;
  if (call.status !== 'in-progress' || call.recordings.some(({ isActive }) => isActive))
    return { status: 400, code: 21220, message: 'Requested resource is not eligible for recording' };
  return { resource: call.record(new CallRecording(call, options)).resource() };
}

/** Lists the recordings of a call, the newest first. */
export function recordingList(call: CarrierCall, path: string): Record<string, unknown> {
  const recordings = call.recordings.toReversed().map((recording) => recording.resource());
  return {
    recordings,
    page: 0,
    page_size: 50,
    start: 0,
    end: Math.max(0, recordings.length - 1),
    uri: path,
    first_page_uri: `${path}?PageSize=50&Page=0`,
    next_page_uri: null,
    previous_page_uri: null,
  };
}

/** Returns a recording. `undefined` if the call has none of this name. */
export function findRecording(call: CarrierCall, sid: string): CallRecording | undefined {
  return call.recordings.find((recording) => (sid === CURRENT ? recording.isActive : recording.sid === sid));
}

/** Pauses, continues or stops a recording, as `POST …/Recordings/{RE}.json` does. */
export function updateRecording(recording: CallRecording, form: URLSearchParams): Result {
  const unknown = unknownField(form, UPDATE_FIELDS);
  if (unknown !== undefined) return invalid(`${unknown} is no field of this request`);
  const status = form.get('Status');
  const pause = form.get('PauseBehavior');
  if (status !== 'paused' && status !== 'in-progress' && status !== 'stopped')
    return invalid('Status is paused, in-progress or stopped');
  if (pause !== null && pause !== 'silence' && pause !== 'skip') return invalid('PauseBehavior is silence or skip');
  // Twilio: "only applies when setting status is set to paused".
  if (pause !== null && status !== 'paused') return invalid('PauseBehavior belongs to a pause');
  if (!recording.isActive) return { status: 400, code: 21220, message: 'Recording is not in-progress' };
  recording.change(status, pause ?? 'silence');
  // The file is being made, and its status changes with the callback.
  return { resource: { ...recording.resource(), status } };
}

function optionsOf(call: CarrierCall, form: URLSearchParams): RecordingOptions | RestError {
  const unknown = unknownField(form, CREATE_FIELDS);
  if (unknown !== undefined) return invalid(`${unknown} is no field of this request`);
  const channels = form.get('RecordingChannels') ?? 'mono';
  const track = form.get('RecordingTrack') ?? 'both';
  const trim = form.get('Trim') ?? 'do-not-trim';
  const method = form.get('RecordingStatusCallbackMethod') ?? 'POST';
  if (channels !== 'mono' && channels !== 'dual') return invalid('RecordingChannels is mono or dual');
  if (track !== 'inbound' && track !== 'outbound' && track !== 'both')
    return invalid('RecordingTrack is inbound, outbound or both');
  if (trim !== 'trim-silence' && trim !== 'do-not-trim') return invalid('Trim is trim-silence or do-not-trim');
  if (method !== 'GET' && method !== 'POST') return invalid('RecordingStatusCallbackMethod is GET or POST');
  // Sent as the same field several times, or once with spaces between.
  const given = form.getAll('RecordingStatusCallbackEvent').flatMap((value) => value.split(' '));
  const events = given.filter((event): event is RecordingEvent => EVENTS.includes(event));
  // Twilio records all the same, and only warns.
  if (events.length < given.length) call.emit('problem', 13621, 'an event of the recording is unknown');
  const url = form.get('RecordingStatusCallback');
  if (url === null) return { channels, track, callback: undefined };
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    call.emit('problem', 13256, 'the RecordingStatusCallback is not an absolute URL');
    return { channels, track, callback: undefined };
  }
  return { channels, track, callback: { url, method, events: given.length === 0 ? ['completed'] : events } };
}

/** Stricter than the service, which passes over what it does not know. */
function unknownField(form: URLSearchParams, known: ReadonlySet<string>): string | undefined {
  return [...form.keys()].find((name) => !known.has(name));
}

/** The service's own code for each of these is not documented. 20001 is its general code for a bad parameter. */
function invalid(message: string): RestError {
  return { status: 400, code: 20001, message };
}

import type { ShownRecording } from '../../twilio/recordings-api.js';

/** Reads Twilio's report of a recording (Twilio: Recording – RecordingStatusCallback). `undefined` if it is none. */
export function recordingReport(form: URLSearchParams): ShownRecording | undefined {
  const sid = form.get('RecordingSid') ?? '';
  if (!/^RE[0-9a-zA-Z]{1,62}$/.test(sid)) return undefined;
  switch (form.get('RecordingStatus')) {
    case 'in-progress':
      return { sid, is: 'in-progress' };
    case 'completed':
    case 'absent':
    case 'failed':
      return { sid, is: 'over' };
    default:
      return undefined;
  }
}

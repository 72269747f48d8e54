/**
 * Where the value of each field of the session's settings comes from. The longest matching beginning of a path counts.
 */
const ORIGINS: Readonly<Record<string, string>> = {
  'session.audio.input.transcription': 'OPENAI_TRANSCRIPTION_MODEL',
  'session.audio.input.transcription.language': 'the language of the assistant',
  'session.audio.input.turn_detection': 'OPENAI_TURN_DETECTION',
  'session.audio.input.turn_detection.threshold': 'OPENAI_VAD_THRESHOLD',
  'session.audio.input.turn_detection.silence_duration_ms': 'OPENAI_VAD_SILENCE_MS',
  'session.audio.input.turn_detection.eagerness': 'OPENAI_VAD_EAGERNESS',
  'session.audio.output.voice': 'OPENAI_VOICE, or the voice of the assistant',
  'session.instructions': 'the prompt of the assistant',
  'session.tools': 'the tools of the assistant',
  'session.reasoning': 'OPENAI_REALTIME_MODEL',
  'session.parallel_tool_calls': 'OPENAI_REALTIME_MODEL',
  'session.model': 'OPENAI_REALTIME_MODEL',
};

/** Returns where the operator can change the field that the service refuses. `undefined` if the gateway sets it itself. */
export function originOf(param: string): string | undefined {
  const [longest] = Object.keys(ORIGINS)
    .filter((path) => param.startsWith(path))
    .toSorted((a, b) => b.length - a.length);
  return longest === undefined ? undefined : ORIGINS[longest];
}

/** Whether a call can do without this value of the field. */
export function isDispensable(param: string): boolean {
  return isTranscription(param) || /^session\.tools\[\d+\]\.description$/.test(param);
}

/** Whether the field concerns only how the caller's words are written down. */
export function isTranscription(param: string): boolean {
  return param.startsWith('session.audio.input.transcription');
}

import type { Logger } from '../../telemetry/log.js';

/** Returns a listener that logs when the embedded voice stands in for the operator's own, and when that speaks again. */
export function logsOwnVoice(log: Logger): (isUp: boolean) => void {
  return (isUp) => {
    if (isUp) log.info('the voice of LOCAL_TTS_MODEL or LOCAL_TTS_BASE_URL speaks again');
    else log.warn('the voice of LOCAL_TTS_MODEL or LOCAL_TTS_BASE_URL failed; the embedded voice speaks meanwhile');
  };
}

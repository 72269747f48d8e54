/**
 * Calling codes of one and two digits (ITU-T E.164, list of assigned country codes); every other one has three. No code
 * is the beginning of another.
 */
const CALLING_CODE = /^\+(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})/;

/** The number as its own country writes it, without the calling code: `+12025550123` → `2025550123`. */
export function nationalNumber(e164: string): string {
  return e164.replace(CALLING_CODE, '');
}

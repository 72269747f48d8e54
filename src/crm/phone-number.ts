/**
 * Calling codes of one and two digits (ITU-T E.164, list of assigned country codes). Every other code has three digits. No
 * code is the prefix of another.
 */
const CALLING_CODE = /^\+(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})/;

/** Removes the calling code: `+12025550123` → `2025550123`. */
export function nationalNumber(e164: string): string {
  return e164.replace(CALLING_CODE, '');
}

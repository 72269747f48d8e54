const OPENED = 'tandem.opened';

/** Notes which call the operator leaves by keyboard, so that the list gives it the focus. */
export function noteOpened(callSid: string): void {
  sessionStorage.setItem(OPENED, callSid);
}

/** Returns the call that was left by keyboard, once. */
export function takeOpened(): string | undefined {
  const callSid = sessionStorage.getItem(OPENED) ?? undefined;
  sessionStorage.removeItem(OPENED);
  return callSid;
}

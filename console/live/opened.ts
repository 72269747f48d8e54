const OPENED = 'tandem.opened';

/** Notes the call whose page the operator leaves by keyboard. The list then sets the focus on its row. */
export function noteOpened(callSid: string): void {
  sessionStorage.setItem(OPENED, callSid);
}

/** Returns the call that was left by keyboard, once. */
export function takeOpened(): string | undefined {
  const callSid = sessionStorage.getItem(OPENED) ?? undefined;
  sessionStorage.removeItem(OPENED);
  return callSid;
}

let aheadMs = 0;

/** Notes what the gateway's clock shows, because the browser's may be wrong. */
export function noteGatewayTime(epochMs: number): void {
  aheadMs = epochMs - Date.now();
}

/** Returns the time on the gateway's clock, in milliseconds since the epoch. */
export function gatewayNow(): number {
  return Date.now() + aheadMs;
}

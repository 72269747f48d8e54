/**
 * What Twilio writes to the account's error log (twilio.com/docs/api/errors). An error has ended something. After a
 * warning the call continues.
 */
const PROBLEMS = {
  11200: { level: 'error', name: 'HTTP retrieval failure' },
  11240: { level: 'error', name: 'HTTP connection edge location is invalid' },
  11243: { level: 'error', name: 'HTTP retry policy is invalid' },
  12100: { level: 'error', name: 'Document parse failure' },
  12200: { level: 'warning', name: 'Schema validation warning' },
  12300: { level: 'error', name: 'Invalid Content-Type' },
  13214: { level: 'warning', name: 'Dial: invalid callerId value' },
  13256: { level: 'warning', name: 'Recording: invalid recordingStatusCallback URL' },
  13621: { level: 'warning', name: 'Recording: invalid recordingStatusCallbackEvent' },
  21262: { level: 'warning', name: 'No AMD status callback URL provided' },
  31901: { level: 'error', name: 'Stream: no answer from the WebSocket server' },
  31902: { level: 'error', name: 'Stream: connection refused' },
  31903: { level: 'error', name: 'Stream: connection broken' },
  31910: { level: 'error', name: 'Stream: TLS failure' },
  31920: { level: 'error', name: 'Stream: the upgrade was not answered with 101' },
  31921: { level: 'error', name: 'Stream: the server closed the WebSocket' },
  31922: { level: 'error', name: 'Stream: the URL is not wss' },
  31923: { level: 'error', name: 'Stream: malformed URL' },
  31924: { level: 'error', name: 'Stream: WebSocket protocol violation' },
  31930: { level: 'warning', name: 'Stream: congested, caller audio discarded' },
  31931: { level: 'warning', name: 'Stream: more than ten minutes queued, audio discarded' },
  31941: { level: 'error', name: 'Stream: invalid track' },
  31950: { level: 'warning', name: 'Stream: binary frame' },
  31951: { level: 'warning', name: 'Stream: invalid message' },
} as const satisfies Record<number, { level: 'error' | 'warning'; name: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export function problemLevel(code: ProblemCode): 'error' | 'warning' {
  return PROBLEMS[code].level;
}

export function problemName(code: ProblemCode): string {
  return PROBLEMS[code].name;
}

// Mutations: the stream and what the caller heard. Part of the list in test/mutants.mjs.

/** @type {readonly import('../../scripts/mutants.mjs').Mutant[]} */
export const STREAM = [
  {
    name: 'a stream that Twilio no longer reads grows without limit',
    file: 'src/twilio/stream.ts',
    find: 'if (this.bufferedBytes > MAX_BACKLOG_BYTES) {',
    replace: 'if (false) {',
    tests: ['src/twilio/stream.test.ts'],
    only: 'a stream whose backlog passes 1 MiB',
  },
  {
    name: 'a message of another stream is taken',
    file: 'src/twilio/stream.ts',
    find: 'if (message.streamSid !== streamSid) {',
    replace: 'if (false) {',
    tests: ['test/bad-input.test.ts'],
    only: 'unusable messages on a live stream',
  },
  {
    name: 'marks from before a clear count as never sent',
    file: 'src/twilio/playback.ts',
    find: 'for (const mark of this.marks) this.flushed.add(mark.name);',
    replace: '',
    tests: ['src/twilio/playback.test.ts'],
  },
  {
    name: 'playout that was cleared counts as heard',
    file: 'src/twilio/playback.ts',
    find: "this.settleWaiters(Number.POSITIVE_INFINITY, 'cleared');",
    replace: "this.settleWaiters(Number.POSITIVE_INFINITY, 'heard');",
    tests: ['src/twilio/playback.test.ts'],
  },
  {
    name: 'time alone says what the caller heard, without the marks',
    file: 'src/twilio/playback.ts',
    find: 'Math.min(this.elapsedByte(), limit, this.sentByte)',
    replace: 'Math.min(this.elapsedByte(), Math.max(limit, this.sentByte))',
    tests: ['src/twilio/playback.test.ts'],
  },
  {
    name: 'a piece of text that comes after the interruption counts as heard',
    file: 'src/voice/history.ts',
    find: 'if (!turn.interrupted) turn.text += text;',
    replace: 'turn.text += text;',
    tests: ['src/voice/history.test.ts'],
  },
  {
    name: 'late audio of an interrupted response is played',
    file: 'src/voice/response-gate.ts',
    find: 'if (this.stale.size > 0 && this.stale.has(responseId)) return false;',
    replace: '',
    tests: ['src/voice/response-gate.test.ts'],
  },
  {
    name: 'any response passes while the call is left',
    file: 'src/voice/response-gate.ts',
    find: "if (this.state.name === 'leaving') return this.state.responseId === responseId;",
    replace: "if (this.state.name === 'leaving') return true;",
    tests: ['src/voice/response-gate.test.ts'],
  },
  {
    name: 'streams that do not come count for the whole call, not in a row',
    file: 'src/call/stream/stream-requests.ts',
    find: 'cameIn(isAwaited: boolean): void {\n    this.refused = 0;',
    replace: 'cameIn(isAwaited: boolean): void {',
    tests: ['test/refused-streams.test.ts'],
    only: 'refused streams in the middle of a call do not count',
  },
  {
    name: 'a stream that breaks is replaced without end',
    file: 'src/call/transfer/departure.ts',
    find: 'return this.resumeCount++ < MAX_RESUMES;',
    replace: 'return this.resumeCount++ >= 0;',
    tests: ['test/calls.test.ts'],
    only: 'streams that keep breaking end with an agent',
  },
];

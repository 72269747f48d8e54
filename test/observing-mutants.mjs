// Mutations of what observes the gateway; see mutants.mjs.

/** @type {readonly import('../scripts/mutants.mjs').Mutant[]} */
export const OBSERVING_MUTANTS = [
  {
    name: 'a trace shows the CallSid to everybody',
    file: 'src/telemetry/span.ts',
    find: "createHmac('sha256', key)",
    replace: "createHmac('sha256', '')",
    tests: ['src/telemetry/span.test.ts'],
  },
  {
    name: 'a failed handover of a call that is not sampled is not sent',
    file: 'src/trace/held-spans.ts',
    find: 'for (const span of this.held) this.send(span);',
    replace: '',
    tests: ['src/trace/held-spans.test.ts'],
  },
  {
    name: 'a call holds any number of spans',
    file: 'src/trace/held-spans.ts',
    find: 'if (this.held.length <= MAX_HELD) return;',
    replace: 'if (this.held.length > 0) return;',
    tests: ['src/trace/held-spans.test.ts'],
  },
  {
    name: 'the instance that ends a call does not send the root of its trace',
    file: 'src/trace/call-trace.ts',
    find: "if (outcome !== 'moved') {",
    replace: "if (outcome === 'moved') {",
    tests: ['test/traces.test.ts'],
    only: 'moves from one gateway to the other',
  },
  {
    name: 'spans that the receiver does not take are not counted',
    file: 'src/telemetry/span-sender.ts',
    find: 'if (isLost) onDropped(spans.length);',
    replace: '',
    tests: ['test/traces.test.ts'],
    only: 'are counted, and the calls notice nothing',
  },
  {
    name: 'CloudWatch is told all counts again each minute',
    file: 'src/telemetry/emf.ts',
    find: 'if (before === undefined || before.run !== now.run) return now;',
    replace: 'return now;',
    tests: ['src/telemetry/emf.test.ts'],
  },
  {
    name: 'an alarm on a counter misses its first event',
    file: 'src/telemetry/metrics.ts',
    find: 'for (const labels of ESCALATIONS) this.escalations.inc(labels, 0);',
    replace: '',
    tests: ['src/app/label-values.test.ts'],
  },
];

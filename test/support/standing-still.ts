// For tests of stalled processes (Instance.hang, cluster.test.ts): an extension that blocks the event loop on SIGUSR2.
process.on('SIGUSR2', () => {
  for (;;);
});

export const tools: readonly never[] = [];

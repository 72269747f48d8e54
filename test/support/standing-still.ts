// An extension as nobody should write one: on SIGUSR2 the event loop never turns again. For Instance.hang.
process.on('SIGUSR2', () => {
  for (;;);
});

export const tools: readonly never[] = [];

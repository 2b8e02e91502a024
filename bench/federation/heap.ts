// Loaded before the gateway under test (`--expose-gc --import`): at SIGUSR2 it prints what is in use after a collection.
process.on('SIGUSR2', () => {
  globalThis.gc?.();
  globalThis.gc?.();
  process.stdout.write(`heap ${process.memoryUsage().heapUsed}\n`);
});

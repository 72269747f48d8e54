import { spawn } from 'node:child_process';
import { HEADING, type Mode, measure, row } from './measure.js';

/** `npm run bench`: what a frame and a call cost, beside a bare relay in the same run; and the start. */
const CALLS = [1, 50, 100, 200];
const MODES: readonly Mode[] = ['relay', 'pipeline', 'direct'];
const ROUNDS = 2;
const SECONDS = 4;

console.log('Cold start to ready (embedded, local speech), three times:');
for (let i = 0; i < 3; i++) console.log(`  ${(await coldStartMs()).toFixed(0)} ms`);

console.log(`\nEcho there and back on loopback, ${SECONDS} s a row, ${ROUNDS} rounds, modes interleaved:`);
console.log(HEADING);
for (const calls of CALLS) {
  for (let round = 0; round < ROUNDS; round++) {
    let relayCpu: number | undefined;
    for (const mode of MODES) {
      const result = await measure(mode, calls, SECONDS);
      if (mode === 'relay') relayCpu = result.cpuMsPerCallSecond;
      console.log(row(result, relayCpu));
    }
  }
}

function coldStartMs(): Promise<number> {
  const startedMs = performance.now();
  const main = new URL('../src/main.js', import.meta.url).pathname;
  const env = { PATH: process.env['PATH'] ?? '', PORT: '0', LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  return new Promise((resolve, reject) => {
    child.on('exit', () => reject(new Error('The gateway did not start.')));
    child.stdout.on('data', (data: Buffer) => {
      if (!data.includes('"listening"')) return;
      resolve(performance.now() - startedMs);
      child.removeAllListeners('exit');
      child.kill('SIGINT');
    });
  });
}

import { spawn } from 'node:child_process';

const TIMES = 5;

/** Measures the time from the start of the process until it takes calls, with embedded store and local speech loaded. */
export async function start(): Promise<void> {
  const times: string[] = [];
  for (let i = 0; i < TIMES; i++) times.push((await coldStartMs()).toFixed(0));
  console.log(`Cold start to ready: ${times.join(', ')} ms`);
}

function coldStartMs(): Promise<number> {
  const startedMs = performance.now();
  const main = new URL('../src/main.js', import.meta.url).pathname;
  const env = { PATH: process.env['PATH'] ?? '', PORT: '0', LOG_LEVEL: 'info', ENV_FILE: 'none' };
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

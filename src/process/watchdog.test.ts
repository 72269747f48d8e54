import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';

/** Runs `code` in a process with a watchdog and returns how the process ended. */
async function run(
  limitMs: number,
  code: string,
  flags: readonly string[] = [],
  isLogRead = true,
): Promise<{ end: unknown; said: string }> {
  const watchdog = new URL('./watchdog.js', import.meta.url).href;
  const script = `import { startWatchdog } from '${watchdog}';
    const block = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
    const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    startWatchdog(${limitMs}, (sentence) => console.error(sentence));
    await pass(300);
    ${code}`;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(data.toString()));
  if (!isLogRead) child.stdout.destroy();
  // Without a working watchdog the process would run for ever.
  const limit = setTimeout(() => child.kill('SIGTERM'), 30_000);
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(limit);
  return { end: signal ?? exitCode, said: said.join('') };
}

describe('watchdog', { concurrency: true }, () => {
  test('a process whose event loop stands still ends itself and logs why', async () => {
    const { end, said } = await run(1000, 'for (;;);');
    assert.equal(end, 'SIGKILL');
    const { level, limit_ms: limitMs, msg } = JSON.parse(said) as Record<string, unknown>;
    assert.deepEqual([level, limitMs], ['fatal', 1000]);
    assert.match(String(msg), /event loop stands still/);
  });

  test('a process whose event loop stands still ends itself even if its log is not read', async () => {
    assert.equal((await run(1000, 'for (;;);', [], false)).end, 'SIGKILL');
  });

  test('a process whose event loop is only late, again and again, lives on', async () => {
    const { end, said } = await run(1500, 'for (let n = 0; n < 6; n++) { block(500); await pass(150); }');
    assert.deepEqual([end, said], [0, '']);
  });

  test('the watchdog does not keep the process alive, and a limit of 0 turns it off', async () => {
    assert.deepEqual(await run(60_000, ''), { end: 0, said: '' });
    assert.deepEqual(await run(0, 'block(1500);'), { end: 0, said: '' });
  });

  test('a process with a debugger attached is not ended', async () => {
    const { end, said } = await run(500, 'block(2000);', ['--inspect=127.0.0.1:0']);
    assert.equal(end, 0);
    assert.doesNotMatch(said, /stands still/);
  });

  test('a process whose debugger was attached later is not ended, and is watched again without it', async () => {
    const open = `const { default: inspector } = await import('node:inspector');
      process.kill(process.pid, 'SIGUSR1');
      while (inspector.url() === undefined) await pass(20);
      await pass(300);
      block(2000);
      console.log('debugged');
      inspector.close();
      await pass(500);
      for (;;);`;
    const { end, said } = await run(1000, open, ['--inspect-port=127.0.0.1:0']);
    assert.equal(end, 'SIGKILL');
    assert.match(said, /debugged[^]*stands still/);
  });
});

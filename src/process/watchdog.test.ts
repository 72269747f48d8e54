import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';

/** Runs `code` in a process that is watched, and tells how it ended. */
async function run(
  limitMs: number,
  code: string,
  flags: readonly string[] = [],
  isRead = true,
): Promise<{ end: unknown; said: string }> {
  const watch = new URL('./watchdog.js', import.meta.url).href;
  const script = `import { startWatchdog } from '${watch}';
    const block = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); };
    const pass = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    startWatchdog(${limitMs});
    await pass(300);
    ${code}`;
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(data.toString()));
  if (!isRead) child.stdout.destroy();
  // Were it not watched, it would go on for ever.
  const limit = setTimeout(() => child.kill('SIGTERM'), 30_000);
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null];
  clearTimeout(limit);
  return { end: signal ?? exitCode, said: said.join('') };
}

describe('a process whose event loop stands still', { concurrency: true }, () => {
  test('ends itself, and says why', async () => {
    const { end, said } = await run(1000, 'for (;;);');
    assert.equal(end, 'SIGKILL');
    const { level, limit_ms: limitMs, msg } = JSON.parse(said) as Record<string, unknown>;
    assert.deepEqual([level, limitMs], ['fatal', 1000]);
    assert.match(String(msg), /event loop stands still/);
  });

  test('ends itself, too, when nobody reads what it logs', async () => {
    assert.equal((await run(1000, 'for (;;);', [], false)).end, 'SIGKILL');
  });

  test('lives when it is only late, again and again', async () => {
    const { end, said } = await run(1500, 'for (let n = 0; n < 6; n++) { block(500); await pass(150); }');
    assert.deepEqual([end, said], [0, '']);
  });

  test('is not kept alive by who watches, and with 0 nobody does', async () => {
    assert.deepEqual(await run(60_000, ''), { end: 0, said: '' });
    assert.deepEqual(await run(0, 'block(1500);'), { end: 0, said: '' });
  });

  test('is left alone while it is debugged', async () => {
    const { end, said } = await run(500, 'block(2000);', ['--inspect=127.0.0.1:0']);
    assert.equal(end, 0);
    assert.doesNotMatch(said, /stands still/);
  });
});

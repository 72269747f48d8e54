import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

// The package as `npm pack` makes it, in a folder that has nothing else but the packages it declares.

const root = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT_MS = 120_000;

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

describe('the packed tarball', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-package-'));
  const empty = join(folder, 'empty');
  let files: string[] = [];
  let unpackedBytes = 0;
  after(() => rmSync(folder, { recursive: true }));

  before(() => {
    // The build of this test is packed as it is, because other tests run from it.
    const args = ['pack', '--json', '--ignore-scripts', '--offline', '--pack-destination', folder];
    const packed = execFileSync('npm', args, { cwd: root, timeout: LIMIT_MS, stdio: ['ignore', 'pipe', 'ignore'] });
    const [{ files: list, filename, unpackedSize }] = JSON.parse(packed.toString()) as [
      { filename: string; unpackedSize: number; files: { path: string }[] },
    ];
    files = list.map(({ path }) => path);
    unpackedBytes = unpackedSize;
    const installed = join(folder, 'node_modules/tandem');
    for (const path of [empty, installed, join(folder, 'node_modules/.bin')]) mkdirSync(path, { recursive: true });
    execFileSync('tar', ['-xzf', join(folder, filename), '--strip-components=1', '-C', installed]);
    const { bin, dependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(installed, 'package.json'), 'utf8'),
    ) as { bin: { tandem: string }; dependencies: object; optionalDependencies: object };
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const link = join(folder, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), link);
    }
    symlinkSync(join(installed, bin.tandem), join(folder, 'node_modules/.bin/tandem'));
  });

  function begin(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const { PATH = '' } = process.env;
    return spawn(join(folder, 'node_modules/.bin/tandem'), args, {
      cwd: empty,
      env: { PATH, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...env },
      timeout: LIMIT_MS,
    });
  }

  function ended(child: ChildProcess): Promise<Run> {
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (part: Buffer) => (stdout += part.toString()));
    child.stderr?.on('data', (part: Buffer) => (stderr += part.toString()));
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  }

  const run = (...args: string[]): Promise<Run> => ended(begin(args));

  test('the package holds what its commands need, and no test, source map, document or other stray file', () => {
    const foreign = files.filter(
      (file) =>
        /\.test\.|\.map$/.test(file) ||
        !/^(?:bin|connect|vendor|src|dist\/(?:src|sim|lambda|console))\/|^(?:package\.json|README\.md|LICENSE|NOTICE|\.env\.example)$/.test(
          file,
        ),
    );
    assert.deepEqual(foreign, []);
    for (const file of ['LICENSE', 'NOTICE', '.env.example', 'connect/contact-flow.json', 'src/extension.ts'])
      assert.ok(files.includes(file), file);
    assert.ok(unpackedBytes < 40e6, `${unpackedBytes} bytes`);
  });

  test('the installed command and each of its commands explain themselves as they are typed', async () => {
    const help = await run('--help');
    assert.deepEqual([help.code, help.stderr], [0, '']);
    const names = ['demo', 'start', 'cluster', 'doctor', 'call', 'sim openai', 'sim nova', 'sim hubspot'];
    await Promise.all(
      names.map(async (name) => {
        assert.ok(help.stdout.includes(`\n  ${name} `), name);
        const { code, stderr, stdout } = await run(...name.split(' '), '--help');
        assert.deepEqual([code, stderr], [0, ''], name);
        assert.ok(stdout.includes(`\nUsage: tandem ${name}`), stdout);
        assert.doesNotMatch(stdout, /npm/, name);
      }),
    );
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    assert.equal((await run('--version')).stdout, `${version}\n`);
    const unknown = await run('sim', 'other');
    assert.deepEqual(
      [unknown.code, unknown.stderr],
      [2, 'There is no command "sim other": "tandem --help" lists them.\n'],
    );
  });

  test('the installed package hears, speaks and stores: its doctor finds no fault', async () => {
    const { code, stderr, stdout } = await run('doctor', '--json');
    assert.deepEqual([code, stderr], [0, '']);
    const { findings } = JSON.parse(stdout) as { findings: { service: string; result: string }[] };
    for (const name of ['speech', 'handover store'])
      assert.equal(findings.find(({ service }) => service === name)?.result, 'fine', name);
  });

  test('the installed gateway takes a call of the installed caller, and stops when it is told to', async () => {
    const gateway = begin(['start'], { PORT: '0' });
    const stopped = ended(gateway);
    const address = await new Promise<string>((resolve, reject) => {
      let text = '';
      gateway.stderr?.on('data', (part: Buffer) => {
        text += part.toString();
        const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? [];
        if (url !== undefined) resolve(url);
      });
      gateway.on('close', () => reject(new Error(text)));
    });
    const page = await fetch(`${address}/console`);
    assert.match(await page.text(), /<script [^>]*src="\/console\/assets\//);
    // The keypad's 0 asks for a human, whom the embedded setup has.
    const call = await run('call', '--press', '0', '--gateway', address, '--json');
    assert.equal(call.code, 0, call.stderr);
    const { agent, bridged } = JSON.parse(call.stdout) as { bridged: boolean; agent: { token_status: string } };
    assert.deepEqual([bridged, agent.token_status], [true, 'valid']);
    gateway.kill('SIGTERM');
    assert.equal((await stopped).code, 0);
    const nobody = await run('call', '--gateway', address);
    assert.equal(nobody.code, 2);
    assert.match(nobody.stderr, /^No gateway answers at .* Start one with "tandem start"/);
  });
});

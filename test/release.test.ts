import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inflateRawSync } from 'node:zlib';

const load = async <T>(name: string): Promise<T> =>
  (await import(new URL(`../../scripts/${name}`, import.meta.url).href)) as T;
const { zip } = await load<{ zip: (files: readonly { name: string; content: Buffer }[]) => Buffer }>('zip.mjs');
const { notesOf, objectionTo } = await load<{
  notesOf: (changelog: string, version?: string) => string | undefined;
  objectionTo: (tag: string, version: string, changelog: string) => string | undefined;
}>('release.mjs');
interface Component {
  name: string;
  version?: string;
}
const { makeBill } = await load<{ makeBill: () => string }>('sbom.mjs');

const CHANGELOG = `# Changelog

## [Unreleased]

### Added

- One thing.

## [1.2.0] - 2026-12-01

### Fixed

- Another thing.

## [1.1.0] - 2026-11-01

- Old.

[1.2.0]: https://example.com/compare
`;

test('the notes of a release are its section of the changelog, and without a version what is not released yet', () => {
  assert.equal(notesOf(CHANGELOG, '1.2.0'), '### Fixed\n\n- Another thing.');
  assert.equal(notesOf(CHANGELOG, '1.1.0'), '- Old.');
  assert.equal(notesOf(CHANGELOG), '### Added\n\n- One thing.');
  assert.equal(notesOf(CHANGELOG, '1.3.0'), undefined);
});

test('a tag is released only if package.json and the changelog have its version', () => {
  assert.equal(objectionTo('v1.2.0', '1.2.0', CHANGELOG), undefined);
  assert.match(objectionTo('v1.2.0', '1.1.0', CHANGELOG) ?? '', /package\.json has version 1\.1\.0/);
  assert.match(objectionTo('v1.3.0', '1.3.0', CHANGELOG) ?? '', /no section "## \[1\.3\.0\]/);
  assert.match(objectionTo('1.2.0', '1.2.0', CHANGELOG) ?? '', /The tag is 1\.2\.0/);
});

test('the changelog of this project says what is not released yet', () => {
  assert.match(notesOf(readFileSync('CHANGELOG.md', 'utf8')) ?? '', /### Added/);
});

test('a zip file holds each file with its checksum, and is the same for the same files', () => {
  const content = Buffer.from('123456789');
  const files = [
    { name: 'index.mjs', content },
    { name: 'ä.txt', content: Buffer.alloc(100_000, 'a') },
  ];
  const made = zip(files);
  assert.ok(made.equals(zip(files)));
  const end = made.length - 22;
  assert.deepEqual([made.readUInt32LE(end), made.readUInt16LE(end + 10)], [0x06054b50, 2]);
  let entry = made.readUInt32LE(end + 16);
  for (const file of files) {
    assert.equal(made.readUInt32LE(entry), 0x02014b50);
    const nameLength = made.readUInt16LE(entry + 28);
    const name = made.subarray(entry + 46, entry + 46 + nameLength).toString();
    const local = made.readUInt32LE(entry + 42);
    assert.equal(made.readUInt32LE(local), 0x04034b50);
    assert.equal(made.subarray(local + 30, local + 30 + nameLength).toString(), name);
    const start = local + 30 + nameLength;
    const packed = made.subarray(start, start + made.readUInt32LE(entry + 20));
    assert.equal(name, file.name);
    assert.ok(inflateRawSync(packed).equals(file.content));
    assert.equal(made.readUInt32LE(entry + 24), file.content.length);
    // The permissions stand in the upper half.
    assert.equal(made.readUInt32LE(entry + 38) >>> 16, 0o100644);
    entry += 46 + nameLength;
  }
  assert.equal(entry, end);
  // The check value of this checksum (CRC-32/ISO-HDLC).
  assert.equal(made.readUInt32LE(14), 0xcbf43926);
});

test('the bill of materials has every package for run time, no other, and the vendored models', () => {
  const { components, metadata } = JSON.parse(makeBill()) as {
    components: Component[];
    metadata: { component: Component };
  };
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { version: string; dev?: boolean }>;
  };
  const wanted = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`);
  const listed = components.flatMap(({ name, version }) => (version === undefined ? [] : [`${name}@${version}`]));
  assert.deepEqual([...new Set(listed)].toSorted(), [...new Set(wanted)].toSorted());
  assert.ok(listed.some((name) => name.startsWith('ws@')));
  assert.equal(metadata.component.name, 'tandem');
  const models = components.filter(({ version }) => version === undefined).map(({ name }) => name);
  assert.deepEqual(models, ['moonshine-tiny', 'silero-vad']);
});

// Makes what a release publishes beside the container image: the Lambda as a zip file, the flows of Connect, the package, the bill of
// materials, their checksums, and the notes from CHANGELOG.md. `npm run release:dry-run` makes the same without a tag.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildAll } from './build.mjs';
import { readScriptInput } from './command.mjs';
import { makeBill } from './sbom.mjs';
import { zip } from './zip.mjs';

const FLOWS = ['contact-flow.json', 'agent-guide.json', 'agent-whisper.json'];

/**
 * Returns what CHANGELOG.md says of `version`, or of what is not released yet if there is none.
 * @param {string} changelog
 * @param {string | undefined} version
 */
export function notesOf(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const title =
    version === undefined
      ? /^\[Unreleased\]\n/
      : new RegExp(`^\\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d\\n`);
  const section = sections.find((one) => title.test(one));
  return section
    ?.slice(section.indexOf('\n'))
    .replace(/^\[[^\]]+\]: .*$/gm, '')
    .trim();
}

/**
 * Returns why `tag` cannot be released, or `undefined` if it can.
 * @param {string} tag
 * @param {string} version of package.json
 * @param {string} changelog
 */
export function objectionTo(tag, version, changelog) {
  if (tag !== `v${version}`)
    return `The tag is ${tag}, and package.json has version ${version}: set it, commit, and tag again.`;
  if (!notesOf(changelog, version))
    return `CHANGELOG.md has no section "## [${version}] - YYYY-MM-DD": write it, commit, and tag again.`;
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = await readScriptInput({
    name: 'release:dry-run',
    does: 'Makes what a release publishes beside the image, in dist/release: Lambda, flows, package, bill of materials, checksums. The notes are dist/release-notes.md.',
    options: {
      tag: {
        type: 'string',
        value: 'vX.Y.Z',
        about: 'the tag to release; it must agree with package.json and CHANGELOG.md',
      },
    },
    examples: ['', '--tag v0.1.0'],
  });
  process.exitCode = await makeRelease(values.tag);
}

async function makeRelease(tag) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const changelog = readFileSync(`${root}CHANGELOG.md`, 'utf8');
  const objection = tag === undefined ? undefined : objectionTo(tag, version, changelog);
  if (objection !== undefined) {
    console.error(objection);
    return 1;
  }
  await buildAll();
  const folder = `${root}dist/release/`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const content = readFileSync(`${root}dist/lambda/connect/index.mjs`);
  writeFileSync(`${folder}tandem-${version}-lambda.zip`, zip([{ name: 'index.mjs', content }]));
  for (const name of FLOWS) copyFileSync(`${root}connect/${name}`, `${folder}tandem-${version}-${name}`);
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root, stdio: 'ignore' });
  writeFileSync(`${folder}tandem-${version}-sbom.cdx.json`, makeBill());
  const sums = readdirSync(folder).map(
    (name) =>
      `${createHash('sha256')
        .update(readFileSync(folder + name))
        .digest('hex')}  ${name}\n`,
  );
  writeFileSync(`${folder}SHA256SUMS`, sums.join(''));
  writeFileSync(`${root}dist/release-notes.md`, `${notesOf(changelog, tag?.slice(1)) ?? ''}\n`);
  process.stdout.write(sums.join(''));
  return 0;
}

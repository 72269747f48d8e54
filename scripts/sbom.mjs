// `npm run sbom`: prints what the gateway consists of, as CycloneDX 1.5: the packages for run time with their licences and hashes,
// and the vendored models.
//
// npm lists all packages from the lock file, and this script leaves out those for development. `npm sbom --omit dev` of npm 11
// leaves out a package, too, that the gateway and a package for development both need, for instance ws and zod.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** npm marks the packages that only development needs with this property. */
const DEVELOPMENT = 'cdx:npm:package:development';

/**
 * Returns the bill of materials without the packages for development, with `models` added.
 * @param {{ components: object[], dependencies: object[], metadata: { component: object } }} everything what npm lists
 * @param {readonly object[]} models
 * @param {string} name of the project. npm writes the name of the folder.
 */
export function billOfMaterials(everything, models, name) {
  const components = everything.components.filter(
    ({ properties = [] }) => !properties.some((property) => property.name === DEVELOPMENT),
  );
  const { component } = everything.metadata;
  const kept = new Set([component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
  return {
    ...everything,
    metadata: { ...everything.metadata, component: { ...component, name } },
    components: [...components, ...models],
    dependencies: everything.dependencies
      .filter(({ ref }) => kept.has(ref))
      .map(({ dependsOn = [], ref }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) })),
  };
}

/** The models in vendor/ as components, with the checksums by which the gateway verifies them. */
export function vendoredModels(root) {
  return readdirSync(`${root}/vendor`).map((name) => ({
    'bom-ref': `vendor/${name}`,
    type: 'machine-learning-model',
    name,
    licenses: [{ license: { id: 'MIT' } }],
    components: readFileSync(`${root}/vendor/${name}/SHA256SUMS`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [content, file] = line.split(/\s+\*?/);
        return { type: 'file', name: file, hashes: [{ alg: 'SHA-256', content }] };
      }),
  }));
}

/** Returns the bill of materials of this project, as text. */
export function makeBill() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const everything = JSON.parse(execFileSync('npm', args, { cwd: root, maxBuffer: 64 * 2 ** 20 }).toString());
  const { name } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  return `${JSON.stringify(billOfMaterials(everything, vendoredModels(root), name), undefined, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(makeBill());

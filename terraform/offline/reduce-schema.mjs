// Reads the output of `terraform providers schema -json` (tens of megabytes) from standard input. Writes to standard output only
// the AWS resources and data sources that are used under terraform/, without descriptions.
import { readFileSync, readdirSync } from 'node:fs';

const SOURCE = 'registry.terraform.io/hashicorp/aws';
const ROOT = new URL('../', import.meta.url);

const { format_version, provider_schemas } = JSON.parse(readFileSync(0, 'utf8'));
const { provider, resource_schemas, data_source_schemas } = provider_schemas[SOURCE];
const code = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.tf') && !name.includes('.terraform/'))
  .map((name) => readFileSync(new URL(name, ROOT), 'utf8'))
  .join('\n');
const missing = [];

/** What the code uses of `schemas`, in which blocks of the kind are described. */
function used(kind, schemas) {
  const names = new Set(Array.from(code.matchAll(new RegExp(`^${kind} "(aws_\\w+)"`, 'gm')), ([, name]) => name));
  missing.push(...[...names].filter((name) => !(name in schemas)));
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => names.has(name)));
}

const reduced = {
  provider,
  resource_schemas: used('resource', resource_schemas),
  data_source_schemas: used('data', data_source_schemas),
};
if (missing.length > 0) {
  console.error(`The provider does not have ${missing.join(', ')}.`);
  process.exit(1);
}
const json = JSON.stringify({ format_version, provider_schemas: { [SOURCE]: reduced } }, (key, value) =>
  key.startsWith('description') && typeof value === 'string' ? undefined : value,
);
console.log(json);

// Reads the output of `terraform providers schema -json` (tens of megabytes) from standard input. Writes to standard output only
// the AWS resources that are used under terraform/, without descriptions.
import { readFileSync, readdirSync } from 'node:fs';

const SOURCE = 'registry.terraform.io/hashicorp/aws';
const ROOT = new URL('../', import.meta.url);

const { format_version, provider_schemas } = JSON.parse(readFileSync(0, 'utf8'));
const { provider, resource_schemas } = provider_schemas[SOURCE];
const code = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.tf'))
  .map((name) => readFileSync(new URL(name, ROOT), 'utf8'))
  .join('\n');
const used = new Set(Array.from(code.matchAll(/^resource "(aws_\w+)"/gm), ([, name]) => name));
const kept = Object.entries(resource_schemas).filter(([name]) => used.has(name));
const missing = [...used].filter((name) => !(name in resource_schemas));
if (missing.length > 0) {
  console.error(`The provider does not have ${missing.join(', ')}.`);
  process.exit(1);
}
const reduced = { provider, resource_schemas: Object.fromEntries(kept) };
const json = JSON.stringify({ format_version, provider_schemas: { [SOURCE]: reduced } }, (key, value) =>
  key.startsWith('description') && typeof value === 'string' ? undefined : value,
);
console.log(json);

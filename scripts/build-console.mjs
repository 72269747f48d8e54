// Builds the pages of the console: dist/console/NAME.html, and dist/console/assets/ with what they load. The files there have a
// hash in their names, so that a browser keeps them, and each has a compressed copy, so that no request compresses anything.
import { build } from 'esbuild';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Every console/pages/NAME.tsx is a page. */
const PAGE = /^(.+)\.tsx$/;
const COMPRESSED = /\.(?:css|html|js|svg)$/;

/** Writes the pages of `root`/console to `root`/dist/console. */
export async function buildConsole(root) {
  const to = join(root, 'dist/console');
  const pages = readdirSync(join(root, 'console/pages')).filter((file) => PAGE.test(file));
  const worklet = await buildWorklet(root);
  const { metafile, outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: pages.map((page) => ({ in: `console/pages/${page}`, out: basename(page, '.tsx') })),
    outdir: 'dist/console/assets',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { TELEPHONE_WORKLET: JSON.stringify(`/console/assets/${basename(worklet.path)}`) },
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const written = [worklet, ...outputFiles].flatMap(({ contents, path }) => writeWithCopies(path, contents));
  for (const [path, { cssBundle, entryPoint }] of Object.entries(metafile.outputs)) {
    // What a page loads later is an entry point, too.
    const name = entryPoint?.startsWith('console/pages/') ? PAGE.exec(basename(entryPoint))?.[1] : undefined;
    if (name === undefined || extname(path) !== '.js') continue;
    const page = html(basename(path), cssBundle && basename(cssBundle));
    written.push(...writeWithCopies(join(to, `${name}.html`), Buffer.from(page)));
  }
  // Only now, because a gateway may be reading the folders. Folders beside assets/ hold what tests load.
  for (const folder of [to, join(to, 'assets')]) {
    for (const file of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, file.name);
      if (file.isFile() && !written.includes(path)) rmSync(path);
    }
  }
}

/** The page's script for the audio thread. The browser loads it by its address, so it is a file of its own. */
async function buildWorklet(root) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'console/audio/telephone.worklet.ts', out: 'telephone' }],
    outdir: 'dist/console/assets',
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  });
  return outputFiles[0];
}

function html(script, style) {
  const link = style === undefined ? '' : `<link rel="stylesheet" href="/console/assets/${style}">`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Tandem</title>
<link rel="icon" href="data:,">
${link}
<script type="module" blocking="render" src="/console/assets/${script}"></script>
</head>
<body></body>
</html>
`;
}

/** Returns the paths of what it has written. */
function writeWithCopies(path, contents) {
  mkdirSync(join(path, '..'), { recursive: true });
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  const copies = COMPRESSED.test(path)
    ? [
        [`${path}.gz`, gzipSync(contents, { level: 9 })],
        [`${path}.br`, brotliCompressSync(contents, { params })],
      ]
    : [];
  for (const [to, bytes] of [[path, contents], ...copies]) writeFileSync(to, bytes);
  return [path, ...copies.map(([to]) => to)];
}

import { readFile, readdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answer } from './answer.js';

/** What `npm run build` has made of console/: pages, and a folder of files with a hash in their names. */
const BUILT = new URL('../../console/', import.meta.url);
const HASHED = 'assets/';
const HASHED_PATH = '/console/assets/';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Compressed copies by preference: the ending of the file and the name of the encoding. */
const ENCODINGS = [
  ['.br', 'br'],
  ['.gz', 'gzip'],
] as const;

/** The console's pages and their files. They hold nothing secret, and are read once, when the first is asked for. */
export class StaticFiles {
  private files: Promise<ReadonlyMap<string, Buffer>> | undefined;

  /** Answers with a page of the console. Returns false if it does not exist. `page`: its name, such as `calls`. */
  async sendPage(page: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    return this.send(`${page}.html`, 'no-cache', request, response);
  }

  /** Answers with a file that a page loads. Returns false if `path` is none. */
  async sendFile(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (!path.startsWith(HASHED_PATH)) return false;
    const name = `${HASHED}${path.slice(HASHED_PATH.length)}`;
    return this.send(name, 'max-age=31536000, immutable', request, response);
  }

  private async send(
    name: string,
    cacheControl: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    this.files ??= readAll();
    const files = await this.files;
    const type = TYPES[extname(name)];
    const plain = files.get(name);
    if (plain === undefined || type === undefined) return false;
    const accepted = acceptedEncodings(request.headers['accept-encoding']);
    const encoding = ENCODINGS.find(([ending, encoding]) => accepted.has(encoding) && files.has(`${name}${ending}`));
    const content = encoding === undefined ? plain : (files.get(`${name}${encoding[0]}`) ?? plain);
    answer(
      response,
      200,
      { type, content },
      {
        'cache-control': cacheControl,
        vary: 'accept-encoding',
        ...(encoding === undefined ? {} : { 'content-encoding': encoding[1] }),
      },
    );
    return true;
  }
}

/** Reads every file, by its path below the folder. No path of a request ever reaches the file system. */
async function readAll(): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const folder of ['', HASHED]) {
    const url = new URL(folder, BUILT);
    const entries = await readdir(fileURLToPath(url), { withFileTypes: true }).catch(() => []);
    for (const entry of entries)
      if (entry.isFile()) files.set(`${folder}${entry.name}`, await readFile(new URL(entry.name, url)));
  }
  return files;
}

/** Returns the encodings that the browser takes. */
function acceptedEncodings(header = ''): ReadonlySet<string> {
  const names = header.split(',').map((part) => part.trim().toLowerCase().split(';'));
  return new Set(names.flatMap(([name = '', weight = '']) => (/^\s*q=0(?:\.0*)?$/.test(weight) ? [] : [name.trim()])));
}

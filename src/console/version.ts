import { readFile } from 'node:fs/promises';

let version: Promise<string> | undefined;

/** Returns the gateway's version, as package.json has it. Empty if that file is not beside dist/. */
export function gatewayVersion(): Promise<string> {
  version ??= readFile(new URL('../../../package.json', import.meta.url), 'utf8').then(
    (text) => (JSON.parse(text) as { version: string }).version,
    () => '',
  );
  return version;
}

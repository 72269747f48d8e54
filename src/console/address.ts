/** Returns the address at which a browser opens the console: on this machine, or by the public name if it listens nowhere else. */
export function consoleAddress(
  { host }: { host: string },
  { port, publicHost }: { port: number; publicHost: string },
): string {
  if (host === '0.0.0.0' || host === '::') return `http://localhost:${port}/console`;
  if (host === 'localhost' || host === '::1' || host.startsWith('127.'))
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}/console`;
  return `https://${publicHost}/console`;
}

import { isIP } from 'node:net';

/** Whether only this machine reaches an address to listen on. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Returns the host of a host with or without a port, and an IPv6 address without its brackets. */
export function withoutPort(hostAndPort: string): string {
  const host = isIP(hostAndPort) === 6 ? hostAndPort : hostAndPort.replace(/:\d+$/, '');
  return host.replace(/^\[(.*)\]$/, '$1');
}

const PRIVATE_IPV4 = /^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;
const PRIVATE_IPV6 = /^(::1?$|f[cd]|fe[89ab])/i;
/** Names that no public name server knows. */
const PRIVATE_NAME = /(^|\.)(localhost|local|internal|intranet|lan|corp|home|home\.arpa)$/;

/** Whether a host, with or without a port, can be reached from a private network only, and not by Twilio. */
export function isPrivateHost(hostAndPort: string): boolean {
  const host = withoutPort(hostAndPort);
  if (isIP(host) === 4) return PRIVATE_IPV4.test(host);
  if (isIP(host) === 6) return PRIVATE_IPV6.test(host);
  return !host.includes('.') || PRIVATE_NAME.test(host);
}

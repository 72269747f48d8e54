import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { isForwarded } from './forwarding.js';

// Decides who may read /metrics on the port that Twilio reaches, too.

/** Loopback, private and link-local addresses (RFC 1122, 1918, 3927, 4193, 4291). */
const NEARBY: readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6'][] = [
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];

const nearby = new BlockList();
for (const [address, prefix, family] of NEARBY) nearby.addSubnet(address, prefix, family);

/**
 * Whether the metrics may be sent as the answer to this request. Its sender must be near, and no proxy may stand between. A proxy is a
 * neighbour itself, so a request that it forwards is one of the public.
 */
export function mayReadMetrics({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>): boolean {
  return !isForwarded(headers) && isNearby(socket.remoteAddress ?? '');
}

/** Whether an address is loopback or private. An IPv4 address may be written as IPv6, as on a dual-stack socket. */
export function isNearby(address: string): boolean {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%', 1)[0] ?? '';
  const version = isIP(bare);
  return version !== 0 && nearby.check(bare, version === 4 ? 'ipv4' : 'ipv6');
}

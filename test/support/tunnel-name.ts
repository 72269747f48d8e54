import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

// For tests of a gateway behind a tunnel, loaded before the program: the name TUNNEL_NAME leads to TUNNEL_PORT of this machine, as the
// public DNS and the tunnel's port 443 would lead to the tunnel.

const { TUNNEL_NAME: name, TUNNEL_PORT: port } = process.env;

type Connect = (this: Socket, ...args: unknown[]) => Socket;

/** The address that a socket connects to. Node passes it alone or in a list. */
interface Target {
  host?: string;
  port?: number | string;
}

const { lookup } = dns;
dns.lookup = ((...args: Parameters<typeof lookup>) =>
  lookup(
    ...(args.map((arg, index) => (index === 0 && arg === name ? '127.0.0.1' : arg)) as typeof args),
  )) as typeof lookup;
syncBuiltinESMExports();

const connect = Reflect.get(Socket.prototype, 'connect') as Connect;
Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
  const target = (Array.isArray(args[0]) ? (args[0] as unknown[])[0] : args[0]) as Target | null;
  if (target !== null && target.host === name && Number(target.port) === 443) target.port = Number(port);
  return connect.apply(this, args);
};

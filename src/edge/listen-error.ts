import { TandemError } from '../base/errors.js';

/** An address that a server should listen on, and the variable that its port comes from. */
interface Address {
  port: number;
  host: string;
  portName: 'PORT' | 'METRICS_PORT';
}

/** Says in words of the settings why a server cannot listen. Returns what it does not know as it is. */
export function listenError(error: NodeJS.ErrnoException, { host, port, portName }: Address): Error {
  const refuse = (what: string): TandemError => new TandemError('CONFIG_INVALID', what, { cause: error });
  switch (error.code) {
    case 'EADDRINUSE': {
      const which = portName === 'PORT' ? '' : `, which ${portName} names,`;
      return new TandemError('PORT_IN_USE', `Port ${port} on ${host}${which} is in use.`, { cause: error });
    }
    case 'EACCES':
      return refuse(`${portName} is ${port}: this user may not listen on it (ports below 1024 belong to root).`);
    case 'EADDRNOTAVAIL':
    case 'EINVAL':
      return refuse(`HOST is ${JSON.stringify(host)}: this machine has no such address.`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAFNOSUPPORT':
      return refuse(`HOST is ${JSON.stringify(host)}: the name leads to no address of this machine (${error.code}).`);
    default:
      return error;
  }
}

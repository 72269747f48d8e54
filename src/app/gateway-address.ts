import { hostname } from 'node:os';
import { CONNECTION_OVERRIDES, PATHS } from '../call/paths.js';
import type { Config } from '../config/config.js';
import type { Peers } from './peers.js';

/** By which names a gateway is known: to Twilio, and among the instances that share its calls. */
export class GatewayAddress {
  private readonly config: Config;
  private readonly peers: Peers | undefined;
  private readonly port: () => number;

  /** `port`: the one that the gateway listens on. */
  constructor({ config, peers }: { config: Config; peers?: Peers | undefined }, port: () => number) {
    this.config = config;
    this.peers = peers;
    this.port = port;
  }

  /** The host Twilio knows the gateway by. */
  get publicHost(): string {
    return this.config.publicHost ?? `localhost:${this.port()}`;
  }

  /** The hosts under which a stream of this process, or one that another instance asked for, may come. */
  get streamHosts(): readonly string[] {
    // That instance may have no host of its own for streams.
    return [...new Set([this.streamHost, this.publicHost])];
  }

  /** An absolute URL as Twilio knows it. */
  url(scheme: 'https' | 'wss', path: string): string {
    return path === PATHS.stream
      ? `${scheme}://${this.streamHost}${this.ownStreamPath}`
      : `${scheme}://${this.publicHost}${path}${CONNECTION_OVERRIDES}`;
  }

  /** Tells this process from the others, on this machine and on others that share its calls. */
  get instanceName(): string {
    const { config, peers } = this;
    if (peers === undefined) return `${hostname()}:${this.port()}`;
    return config.journal === undefined ? `w${peers.name}` : `${hostname()}-w${peers.name}`;
  }

  /** The host under which Twilio's streams reach this process. */
  private get streamHost(): string {
    return this.config.streamHost ?? this.publicHost;
  }

  private get ownStreamPath(): string {
    return this.peers === undefined ? PATHS.stream : `${PATHS.stream}/${this.peers.name}`;
  }
}

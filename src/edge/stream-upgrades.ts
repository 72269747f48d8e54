import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { PATHS } from '../call/paths.js';
import type { Clock } from '../base/clock.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Peers } from '../app/peers.js';
import { MAX_MESSAGE_BYTES } from '../twilio/messages.js';
import { isSigned, streamUrlVariants } from '../twilio/signature.js';
import { type StreamAdmission, TwilioStream, refuseUpgrade } from '../twilio/stream.js';

export interface StreamUpgradesOptions {
  /** Whose a stream is, by its first message. */
  admit: StreamAdmission;
  /** Empty: upgrades are not signed. */
  authTokens: readonly string[];
  /** The hosts for which Twilio may have signed. */
  hosts: () => readonly string[];
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** Other processes behind the same port; undefined: there are none. */
  peers: Peers | undefined;
}

/** A stream's path, and in it who announced the stream. Twilio allows no query there. */
const STREAM_PATH = new RegExp(`^${PATHS.stream}(?:/(\\w{1,16}))?$`);

/** Lets Twilio's media streams in. */
export class StreamUpgrades {
  private readonly options: StreamUpgradesOptions;
  private readonly sockets: WebSocketServer;

  constructor(options: StreamUpgradesOptions) {
    this.options = options;
    // Compression would cost more CPU than everything else the gateway does; Twilio does not offer it.
    this.sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
  }

  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const path = (request.url ?? '/').split('?', 1)[0]?.replace(/\/$/, '') ?? '';
    const { authTokens, hosts, peers } = this.options;
    const announcedBy = STREAM_PATH.exec(path);
    if (announcedBy === null) {
      this.refuse(socket, 404, 'Not Found', 'stream-path');
      return;
    }
    const signature = request.headers['x-twilio-signature'];
    const urls = hosts().flatMap((host) => streamUrlVariants(host, path));
    if (authTokens.length > 0 && (typeof signature !== 'string' || !isSigned(signature, authTokens, urls))) {
      this.refuse(socket, 403, 'Forbidden', 'stream-signature');
      return;
    }
    const [, worker] = announcedBy;
    if (peers === undefined || worker === undefined || worker === peers.name) this.take(request, socket, head);
    else peers.passUpgrade(worker, request, socket as Socket, head);
  }

  /** Opens a stream whose request has been checked, here or by another process. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { admit, clock, log, metrics } = this.options;
    // Audio comes in small messages that must not wait for each other.
    (socket as Socket).setNoDelay?.(true);
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const stream: TwilioStream = new TwilioStream({
        socket: webSocket,
        transport: socket,
        clock,
        admit,
        count: (kind) => metrics.streamAnomalies.inc({ kind }),
        onFault: (error) => {
          metrics.processorErrors.inc({ processor: 'stream' });
          log.error({ err: error }, 'a message of a stream could not be handled and is lost');
        },
        onRefused: (reason) => {
          metrics.refusedRequests.inc({ reason: 'stream-start' });
          log.warn({ reason }, 'stream refused');
        },
      });
      void stream;
    });
  }

  close(): void {
    for (const socket of this.sockets.clients) socket.terminate();
    this.sockets.close();
  }

  private refuse(socket: Duplex, status: number, text: string, reason: string): void {
    const { log, metrics } = this.options;
    metrics.refusedRequests.inc({ reason });
    log.warn({ reason, status }, 'upgrade refused');
    refuseUpgrade(socket, status, text);
  }
}

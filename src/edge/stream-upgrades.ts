import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { PATHS } from '../call/paths.js';
import type { Clock } from '../base/clock.js';
import { FirstOfKind } from '../telemetry/first-of-kind.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Peers } from '../app/peers.js';
import { shownPath } from './shown-path.js';
import { MAX_MESSAGE_BYTES } from '../twilio/messages.js';
import { isSigned, readSignature, streamUrlVariants } from '../twilio/signature.js';
import { type StreamAdmission, TwilioStream, refuseUpgrade } from '../twilio/stream.js';

export interface StreamUpgradesOptions {
  /** Finds the call of a stream from its first message. */
  admit: StreamAdmission;
  /** Auth tokens and shared keys that may have signed an upgrade. If empty, signatures are not checked. */
  signingKeys: readonly string[];
  /** Returns the hosts for which Twilio may have signed. */
  hosts: () => readonly string[];
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  /** Other processes behind the same port. `undefined` if there are none. */
  peers: Peers | undefined;
  /** Called with each socket before its stream is read. */
  onSocket?: ((socket: WebSocket) => void) | undefined;
}

/** A stream's path, which may end in the name of the worker that asked for the stream. Twilio allows no query. */
const STREAM_PATH = new RegExp(`^${PATHS.stream}(?:/(\\w{1,16}))?$`);

/** Accepts Twilio's media streams: checks each upgrade request and opens the stream or passes it to its worker. */
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
    try {
      this.check(request, socket, head);
    } catch (error) {
      const { log, metrics } = this.options;
      metrics.processorErrors.inc({ processor: 'stream' });
      log.error({ err: error }, 'an upgrade request caused an error');
      refuseUpgrade(socket, 500, 'Internal Server Error');
    }
  }

  private check(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = (request.url ?? '/').split('?', 1)[0]?.replace(/\/$/, '') ?? '';
    const { hosts, peers, signingKeys } = this.options;
    const match = STREAM_PATH.exec(path);
    if (match === null) {
      this.refuse(socket, 404, 'Not Found', 'stream-path', {
        path: shownPath(path),
        help: `Streams belong to ${PATHS.stream}.`,
      });
      return;
    }
    const urls = hosts().flatMap((host) => streamUrlVariants(host, path));
    if (signingKeys.length > 0 && !isSigned(readSignature(request.headers), signingKeys, urls)) {
      this.refuse(socket, 403, 'Forbidden', 'stream-signature');
      return;
    }
    const [, worker] = match;
    if (peers === undefined || worker === undefined || worker === peers.name) this.take(request, socket, head);
    else peers.passUpgrade(worker, request, socket as Socket, head);
  }

  /** Opens a stream. The request must have been checked, here or by another process. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Audio comes in small messages that must not wait for one another.
    (socket as Socket).setNoDelay?.(true);
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => this.open(webSocket, socket));
  }

  /** Reads the stream of an open socket, which writes to `transport`. */
  open(socket: WebSocket, transport: Duplex): void {
    const { admit, clock, log, metrics, onSocket } = this.options;
    onSocket?.(socket);
    const first = new FirstOfKind();
    const stream: TwilioStream = new TwilioStream({
      socket,
      transport,
      clock,
      admit,
      count: (kind) => {
        metrics.streamAnomalies.inc({ kind });
        if (!first.isFirst('', kind)) return;
        log.warn(
          { kind, ...stream.ids },
          'a message of a stream was ignored; further ones of this kind are only counted',
        );
      },
      onFault: (error) => {
        metrics.processorErrors.inc({ processor: 'stream' });
        if (!first.isFirst('', `fault ${error instanceof Error ? error.name : ''}`)) return;
        log.error(
          { err: error, ...stream.ids },
          'a message of a stream caused an error and is lost; further ones are only counted',
        );
      },
      onRefused: (reason) => {
        metrics.refusedRequests.inc({ reason: 'stream-start' });
        log.warn({ reason, ...stream.ids }, 'stream refused');
      },
    });
    void stream;
  }

  close(): void {
    for (const socket of this.sockets.clients) socket.terminate();
    this.sockets.close();
  }

  private refuse(
    socket: Duplex,
    status: number,
    text: string,
    reason: string,
    wrong?: { path: string; help: string },
  ): void {
    const { log, metrics } = this.options;
    metrics.refusedRequests.inc({ reason });
    log.warn({ reason, status, path: wrong?.path }, 'upgrade refused');
    refuseUpgrade(socket, status, text, wrong?.help);
  }
}

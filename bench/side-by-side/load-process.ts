import { createServer as createPlainServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { LoadCarrier } from './carrier.js';
import type { LoadAnswer, LoadQuestion } from './load.js';
import { LoadModel } from './model.js';
import { RawSocket } from './raw-socket.js';
import { Tally } from './tally.js';

/**
 * The load, `load-process.js [KEY CERT]`: carrier and model in one process, so that they share one clock and no core with the subject.
 * With a key and a certificate, the model speaks TLS. It sends the model's address, then does what it is asked.
 */

/** What a server adds to the client's key (RFC 6455, 1.3). */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const [, , key = '', cert = ''] = process.argv;
const tally = new Tally();
const models = new Set<LoadModel>();
let carrier: LoadCarrier | undefined;

const server = key === '' ? createPlainServer() : createTlsServer({ key, cert });
server.on('upgrade', (request, connection, head: Buffer) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key'] ?? ''}${WEBSOCKET_GUID}`)
    .digest('base64');
  // A client of OpenAI's may ask for a subprotocol, and closes the connection without an answer to it.
  const [protocol] = (request.headers['sec-websocket-protocol'] ?? '').split(',');
  connection.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${protocol === '' ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`}\r\n`,
  );
  if ('setNoDelay' in connection) (connection as { setNoDelay(on: boolean): void }).setNoDelay(true);
  const model = new LoadModel(new RawSocket(connection, 'server', head), tally);
  models.add(model);
  connection.on('close', () => models.delete(model));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
answer({ url: `${key === '' ? 'ws' : 'wss'}://127.0.0.1:${port}` });

process.on('message', (question: LoadQuestion) => {
  void handle(question).then(answer, (error: unknown) => {
    throw error;
  });
});
process.once('disconnect', () => process.exit(0));

async function handle(question: LoadQuestion): Promise<LoadAnswer> {
  switch (question.ask) {
    case 'open':
      tally.lost = 0;
      carrier ??= new LoadCarrier({ ...question, tally });
      await carrier.open(question.calls);
      return {};
    case 'reset':
      tally.reset();
      return {};
    case 'report':
      return { report: tally.report };
    case 'close':
      carrier?.close();
      carrier = undefined;
      for (const model of models) model.close();
      return {};
  }
}

function answer(content: LoadAnswer): void {
  process.send?.(content);
}

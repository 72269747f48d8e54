import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RealtimeAgent, RealtimeSession } from '@openai/agents/realtime';
import { TwilioRealtimeTransportLayer } from '@openai/agents-extensions';
import { WebSocketServer } from 'ws';
import { PUBLIC_HOST } from './carrier.js';

const TWIML = `<Response><Connect><Stream url="wss://${PUBLIC_HOST}/stream"/></Connect></Response>`;

/** Starts a gateway of OpenAI's Agents SDK, as its documentation shows it, without tools. Resolves with its port. */
export async function startAgents(modelUrl: string): Promise<number> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/xml' }).end(TWIML);
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (twilioWebSocket) => {
    const agent = new RealtimeAgent({ name: 'desk', instructions: 'You are a kind assistant.' });
    const session = new RealtimeSession(agent, {
      transport: new TwilioRealtimeTransportLayer({ twilioWebSocket }),
      model: 'gpt-realtime-2.1',
      tracingDisabled: true,
    });
    session.on('error', (error) => console.error(error));
    // The document does not say when to end it. Without this, sessions of calls that are over stay open.
    twilioWebSocket.on('close', () => session.close());
    session
      .connect({ apiKey: 'ek_bench', url: `${modelUrl}/v1/realtime?model=gpt-realtime-2.1` })
      .catch((error: unknown) => {
        console.error(error);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

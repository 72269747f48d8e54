import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { McpProgram } from '../../test/support/mcp-program.js';
import { until } from '../../test/support/rig.js';
import { waitingClock } from '../../test/support/waiting-clock.js';
import { parseMcpFault } from './faults.js';
import { McpHttpServer } from './http-server.js';
import { DEFAULT_TOOLS } from './tools.js';

const newClient = (): Client => new Client({ name: 'test', version: '1' });
/** Types of the SDK do not know `exactOptionalPropertyTypes`. */
const asTransport = (transport: unknown): Transport => transport as Transport;

for (const answersWith of ['json', 'events'] as const) {
  describe(`the simulated MCP server over HTTP with ${answersWith}`, () => {
    let server: McpHttpServer;
    let client: Client;
    let transport: StreamableHTTPClientTransport;
    before(async () => {
      server = await new McpHttpServer({ clock: waitingClock, answersWith, pageSize: 1, token: 't' }).start();
      client = newClient();
      const requestInit = { headers: { authorization: 'Bearer t' } };
      transport = new StreamableHTTPClientTransport(new URL(server.url), { requestInit });
      await client.connect(asTransport(transport));
    });
    after(async () => {
      await transport.terminateSession();
      await client.close();
      assert.deepEqual([server.begun, server.ended, server.state.problems], [1, 1, []]);
      await server.close();
    });

    test(`the official client lists its tools page by page and calls one, over HTTP with ${answersWith}`, async () => {
      const first = await client.listTools();
      const second = await client.listTools({ cursor: first.nextCursor ?? '' });
      assert.deepEqual(
        [first, second].flatMap(({ tools }) => tools.map(({ name }) => name)),
        ['find_order', 'list_branches'],
      );
      assert.equal(second.nextCursor, undefined);
      const result = await client.callTool({ name: 'find_order', arguments: { number: '4711' } });
      assert.deepEqual(result.structuredContent, { number: '4711', status: 'handed to the carrier' });
      await client.ping();
    });

    test(`the official client hears that the tools have changed, over HTTP with ${answersWith}`, async () => {
      let heard = 0;
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard++);
      await until(() => server.isListenedTo, 'the stream of the server');
      server.change(DEFAULT_TOOLS);
      await until(() => heard === 1, 'the notification');
    });

    test(`a call that the official client cancels is not answered, over HTTP with ${answersWith}`, async () => {
      server.plan({ type: 'hang' });
      const abort = new AbortController();
      const call = client.callTool({ name: 'list_branches' }, undefined, { signal: abort.signal });
      await until(() => server.state.calls.at(-1)?.name === 'list_branches', 'the call');
      abort.abort();
      await assert.rejects(call);
      await until(() => server.state.cancelled.length === 1, 'the cancellation');
      assert.deepEqual(server.state.cancelled, ['list_branches']);
    });
  });
}

test('the official client talks to the simulated MCP server over stdio', async () => {
  const program = new McpProgram('--fault', 'error', '--fault', 'refuse');
  const client = newClient();
  const { args, command } = program;
  const transport = new StdioClientTransport({ command, args: [...args], stderr: 'ignore' });
  try {
    await client.connect(asTransport(transport));
    assert.equal((await client.listTools()).tools.length, 2);
    const call = { name: 'find_order', arguments: { number: '4711' } };
    assert.equal((await client.callTool(call)).isError, true);
    await assert.rejects(client.callTool(call), /The order is locked/);
    assert.match(JSON.stringify(await client.callTool(call)), /handed to the carrier/);
    await client.close();
    await until(() => !program.lives, 'the end of the program');
    assert.ok(program.events.includes('input ended'));
    assert.ok(!program.events.some((event) => event.startsWith('problem')), program.events.join('\n'));
  } finally {
    await client.close();
    program.dispose();
  }
});

test('the simulated MCP server refuses what the specification forbids', async () => {
  const server = await new McpHttpServer({ clock: waitingClock, answersWith: 'json' }).start();
  const both = 'application/json, text/event-stream';
  const post = (message: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(server.url, {
      method: 'POST',
      headers: { accept: both, 'content-type': 'application/json', ...headers },
      body: typeof message === 'string' ? message : JSON.stringify(message),
    });
  const request = (method: string, params = {}, id = 1): object => ({ jsonrpc: '2.0', id, method, params });
  const initialize = request('initialize', {
    protocolVersion: '2025-06-18',
    capabilities: {},
    clientInfo: { name: 'a', version: '1' },
  });
  try {
    const statuses: [Promise<Response>, number][] = [
      [post(initialize, { accept: 'application/json' }), 406],
      [post(initialize, { 'content-type': 'text/plain' }), 415],
      [post('{'), 400],
      [post([initialize]), 400],
      [post(initialize, { origin: 'https://evil.example.com' }), 403],
      [post(initialize, { 'mcp-session-id': 'x' }), 400],
      [post(request('tools/list')), 400],
      [post(request('tools/list'), { 'mcp-session-id': 'x' }), 404],
      [fetch(server.url, { headers: { accept: 'text/event-stream' } }), 400],
      [fetch(server.url.replace('/mcp', '/other')), 404],
    ];
    for (const [response, status] of statuses) assert.equal((await response).status, status);
    const begun = await post(initialize);
    const session = begun.headers.get('mcp-session-id') ?? '';
    const named = { 'mcp-session-id': session, 'mcp-protocol-version': '2025-06-18' };
    assert.match(await begun.text(), /"protocolVersion":"2025-06-18"/);
    assert.equal((await post(request('tools/list', {}, 2), { 'mcp-session-id': session })).status, 400);
    assert.match(await (await post(request('tools/list', {}, 2), named)).text(), /-32600.*before notifications/);
    assert.equal((await post({ jsonrpc: '2.0', method: 'notifications/initialized' }, named)).status, 202);
    assert.match(await (await post(request('tools/list', {}, 2), named)).text(), /-32600.*used before/);
    assert.match(await (await post(request('tools/list', { cursor: 'x' }, 3), named)).text(), /-32602/);
    assert.match(await (await post(request('tools/call', { name: 'none' }, 4), named)).text(), /-32602.*no such tool/);
    assert.match(
      await (await post(request('tools/call', { name: 'find_order', arguments: [] }, 5), named)).text(),
      /-32602/,
    );
    assert.match(await (await post(request('tools/call', { name: 'find_order' }, 6), named)).text(), /"isError":true/);
    assert.match(await (await post(request('resources/list', {}, 7), named)).text(), /-32601/);
    assert.match(await (await post({ ...request('ping', {}, 8), jsonrpc: '1.0' }, named)).text(), /-32600/);
    assert.match(await (await post(request('initialize', {}, 9), named)).text(), /names a session|^$/);
    assert.equal((await fetch(server.url, { method: 'DELETE', headers: named })).status, 204);
    assert.equal((await post(request('ping', {}, 10), named)).status, 404);
  } finally {
    await server.close();
  }
});

test('a fault of the simulated MCP server is read from the command line, and nonsense is refused', () => {
  assert.deepEqual(parseMcpFault('hang'), { fault: { type: 'hang' }, times: 1, method: 'tools/call' });
  assert.deepEqual(parseMcpFault('late:4000@initialize*3'), {
    fault: { type: 'late', delayMs: 4000 },
    times: 3,
    method: 'initialize',
  });
  assert.deepEqual(parseMcpFault('status:503')?.fault, { type: 'status', status: 503 });
  for (const text of ['', 'hang:3', 'late', 'status:200', 'status', 'huge', 'unknown', 'hang*'])
    assert.equal(parseMcpFault(text), undefined);
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { McpHttpServer } from '../../sim/mcp/http-server.js';
import { DEFAULT_TOOLS } from '../../sim/mcp/tools.js';
import { examine } from '../../test/support/examine.js';
import { waitingClock } from '../../test/support/waiting-clock.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-doctor-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'mcp.json');

async function findings(servers: unknown): ReturnType<typeof examine> {
  writeFileSync(file, JSON.stringify(servers));
  return examine({ MCP_SERVERS: file, SHOP_TOKEN: 'shop-secret' }, ['MCP servers', 'assistants']);
}

test('the doctor says of each MCP server whether it answers, which tools it has, and which are left out and why', async () => {
  const tools = [...DEFAULT_TOOLS, { name: 'text', inputSchema: { type: 'string' } }];
  const sim = await new McpHttpServer({ clock: waitingClock, tools, token: 'shop-secret' }).start();
  const headers = { authorization: 'Bearer ${SHOP_TOKEN}' };
  try {
    const { code, findings: found } = await findings([
      { name: 'shop', url: sim.url, headers, tools: ['find_order', 'text', 'refund'] },
      { name: 'other', url: sim.url, headers: { authorization: 'Bearer wrong' } },
      { name: 'gone', command: '/nowhere/at-all' },
    ]);
    assert.equal(code, 1);
    assert.deepEqual(
      found
        .filter(({ service }) => service === 'MCP servers')
        .map(({ id, result, text }) => `${result} ${id}: ${text}`),
      [
        'fine mcp-ready: The MCP server shop answers. Its tools are shop_find_order.',
        'advice mcp-tools: The MCP server shop has a tool text that is left out: it cannot be told to a model: its arguments are no object.',
        'advice mcp-tools: The MCP server shop has no tool "refund", which MCP_SERVERS allows.',
        'fault mcp-unreachable: The MCP server other cannot be used: it refuses the request (HTTP 401 or 403); check its "headers". Calls go on without its tools.',
        'fault mcp-unreachable: The MCP server gone cannot be used: it cannot be reached or started. Calls go on without its tools.',
      ],
    );
    assert.doesNotMatch(JSON.stringify(found), /shop-secret/);
    assert.deepEqual([sim.state.calls, sim.ended], [[], 1]);
  } finally {
    await sim.close();
  }
});

test('the doctor finds a mistake in the file of MCP servers', async () => {
  const { code, findings: found } = await findings([{ name: 'shop' }]);
  assert.equal(code, 1);
  assert.match(
    found.find(({ result }) => result === 'fault')?.text ?? '',
    /^MCP_SERVERS names .*either "url" or "command"/,
  );
});

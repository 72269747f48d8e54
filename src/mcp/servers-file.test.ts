import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isTandemError } from '../base/errors.js';
import { mayHaveTool, mayUse, readMcpServers } from './servers-file.js';

const folder = mkdtempSync(join(tmpdir(), 'mcp-file-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'mcp.json');

function read(content: unknown, env: Record<string, string> = {}): ReturnType<typeof readMcpServers> {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readMcpServers(file, env);
}

test('the file of MCP servers is read with its secrets from the environment', async () => {
  const servers = await read(
    [
      {
        name: 'crm',
        url: 'https://crm.example.com/mcp',
        headers: { authorization: 'Bearer ${CRM_TOKEN}', 'x-tenant': '42' },
        tools: ['find_customer'],
        timeout_seconds: 4,
        max_result_chars: 1000,
        filler: { en: 'One moment.', de: 'Einen Moment.' },
        assistants: ['sales', '+12065550110'],
      },
      { name: 'shop', command: 'node', args: ['shop.js'], env: { SHOP_KEY: '${KEY}-${KEY}' } },
    ],
    { CRM_TOKEN: 'secret-1', KEY: 'ü' },
  );
  assert.deepEqual(servers, [
    {
      name: 'crm',
      address: {
        by: 'http',
        url: 'https://crm.example.com/mcp',
        headers: { authorization: 'Bearer secret-1', 'x-tenant': '42' },
      },
      allowed: ['find_customer'],
      timeoutMs: 4000,
      maxResultChars: 1000,
      filler: { en: 'One moment.', de: 'Einen Moment.' },
      assistants: ['sales', '+12065550110'],
    },
    {
      name: 'shop',
      address: { by: 'stdio', command: 'node', args: ['shop.js'], env: { SHOP_KEY: 'ü-ü' }, folder },
      allowed: undefined,
      timeoutMs: 10_000,
      maxResultChars: 4000,
      filler: undefined,
      assistants: undefined,
    },
  ]);
});

test('a mistake in the file of MCP servers is reported with its field and without any value', async () => {
  const url = 'https://a.example.com/mcp';
  const cases: [unknown, RegExp][] = [
    ['[', /it is not valid JSON/],
    [[], /it is invalid: expected a list of servers/],
    [[{ name: 'Crm', url }], /"0\.name" is invalid: expected a short name/],
    [[{ name: 'my_crm', url }], /"0\.name" is invalid/],
    [[{ name: 'crm' }], /"0" is invalid: expected either "url" or "command"/],
    [[{ name: 'crm', url, command: 'node' }], /"0" is invalid: expected either "url" or "command"/],
    [[{ name: 'crm', url: 'ftp://a.example.com' }], /"0\.url" is invalid: expected a URL/],
    [[{ name: 'crm', url: 'https://me:SECRET@a.example.com' }], /"0\.url" is invalid: expected a URL without a name/],
    [[{ name: 'crm', url, args: [] }], /only a server with a "command"/],
    [[{ name: 'crm', command: 'node', headers: {} }], /only a server with a "url"/],
    [[{ name: 'crm', url, timeout_seconds: 900 }], /"0\.timeout_seconds" is invalid/],
    [[{ name: 'crm', url, tool: ['a'] }], /"0" is invalid/],
    [
      [
        { name: 'crm', url },
        { name: 'crm', url },
      ],
      /it is invalid: two servers have the same name/,
    ],
    [
      [{ name: 'crm', url, headers: { authorization: '${NO_SUCH}' } }],
      /in "crm": "headers\.authorization" names the variable NO_SUCH, which is not set/,
    ],
    [
      [{ name: 'crm', url, headers: { a: 'SECRET ${LINES}' } }],
      /names the variable LINES, which holds what a header cannot/,
    ],
  ];
  for (const [content, expected] of cases) {
    await assert.rejects(read(content, { LINES: 'SECRET\r\nx: y' }), (error) => {
      assert.ok(isTandemError(error) && error.code === 'CONFIG_INVALID', String(error));
      assert.match(error.message, expected);
      assert.match(error.message, /^MCP_SERVERS /);
      assert.doesNotMatch(error.message, /SECRET/);
      return true;
    });
  }
  await assert.rejects(readMcpServers('/nowhere/mcp.json', {}), /^TandemError: MCP_SERVERS names .*it cannot be read/);
});

test('a server is for the assistants that it names, and for all if it names none', async () => {
  const [all, some] = await read([
    { name: 'crm', command: 'node' },
    { name: 'shop', command: 'node', assistants: ['sales', '+12065550110'] },
  ]);
  assert.ok(all !== undefined && some !== undefined);
  assert.equal(mayUse(all, 'default', '+1'), true);
  assert.equal(mayUse(some, 'default', '+1'), false);
  assert.equal(mayUse(some, 'sales', '+1'), true);
  assert.equal(mayUse(some, 'default', '+12065550110'), true);
  assert.equal(mayHaveTool([all, some], 'shop_find'), true);
  assert.equal(mayHaveTool([all, some], 'shops_find'), false);
});

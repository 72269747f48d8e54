import type { Extensions } from '../app/extensions.js';
import { nameTaken } from '../app/open-mcp.js';
import type { Clock } from '../base/clock.js';
import { isLoopback, withoutPort } from '../config/addresses.js';
import type { McpFaultKind } from '../mcp/fault.js';
import { type NewClient, loadSdk } from '../mcp/sdk.js';
import { McpServer } from '../mcp/server.js';
import type { McpServerSettings } from '../mcp/servers-file.js';
import { createLogger } from '../telemetry/log.js';
import { type Finding, advice, fault, fine } from './finding.js';

export interface McpQuestion {
  servers: readonly McpServerSettings[];
  /** The tools of extensions. */
  tools: Extensions['tools'];
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  signal: AbortSignal;
}

const REASONS: Readonly<Record<McpFaultKind, string>> = {
  unreachable: 'it cannot be reached or started',
  refused: 'it refuses the request (HTTP 401 or 403); check its "headers"',
  redirect: 'it redirects, and no redirect is followed; set "url" to where it really is',
  status: 'it answers with an HTTP status that is no success; check the path in its "url"',
  too_large: 'it sends a message above 1 MB',
  unreadable: 'what it answers is not MCP',
  ended: 'its program has ended, or its answer broke off; see what it says when you start it by hand',
  session: 'it does not know its own session',
  flood: 'it sends without end',
  late: 'it did not answer within 10 s',
};

/** Connects to each server, reads its tools, and calls none. */
export async function askMcp(question: McpQuestion): Promise<Finding[]> {
  const newClient = await loadSdk('doctor');
  const found = await Promise.all(question.servers.map((settings) => askServer(settings, newClient, question)));
  return found.flat();
}

async function askServer(
  settings: McpServerSettings,
  newClient: NewClient,
  { clock, env, signal, tools }: McpQuestion,
): Promise<Finding[]> {
  const server = new McpServer({
    settings,
    newClient,
    env,
    isTaken: nameTaken(tools),
    clock,
    log: createLogger({ level: 'silent' }),
    onUp: () => undefined,
  });
  const close = (): void => void server.close();
  signal.addEventListener('abort', close);
  try {
    await server.start();
    return [...standing(server), ...plain(settings)];
  } finally {
    signal.removeEventListener('abort', close);
    await server.close();
  }
}

function standing({ failure, isUp, offer, settings }: McpServer): Finding[] {
  const { name } = settings;
  if (!isUp) {
    const why = REASONS[failure ?? 'unreachable'];
    return [fault('mcp-unreachable', `The MCP server ${name} cannot be used: ${why}. Calls go on without its tools.`)];
  }
  const { missing, offered, refused } = offer;
  const names = offered.map((tool) => tool.name).join(', ');
  return [
    offered.length === 0
      ? advice('mcp-tools', `The MCP server ${name} answers, and has no tool that a model can be told of.`)
      : fine('mcp-ready', `The MCP server ${name} answers. Its tools are ${names}.`),
    ...refused.map(({ name: tool, why }) =>
      advice('mcp-tools', `The MCP server ${name} has a tool ${tool} that is left out: it ${why}.`),
    ),
    ...missing.map((tool) =>
      advice('mcp-tools', `The MCP server ${name} has no tool ${JSON.stringify(tool)}, which MCP_SERVERS allows.`),
    ),
  ];
}

function plain({ address, name }: McpServerSettings): Finding[] {
  if (address.by !== 'http' || !address.url.startsWith('http:') || isLoopback(withoutPort(new URL(address.url).host)))
    return [];
  return [
    advice(
      'mcp-plain',
      `The "url" of the MCP server ${name} begins with http://, so what callers say can be read on the way.`,
    ),
  ];
}

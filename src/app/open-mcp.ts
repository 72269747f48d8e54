import type { Clock } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import { within } from '../base/within.js';
import type { Config } from '../config/config.js';
import { gatewayVersion } from '../console/version.js';
import { type McpServerSettings, readMcpServers } from '../mcp/servers-file.js';
import type { McpTools } from '../mcp/tools.js';
import type { Assistants } from '../prompts/assistants.js';
import { namedAssistant } from '../prompts/named-assistant.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { AssistantTool } from '../voice/tools.js';
import { RESERVED_NAMES } from './extensions.js';

/** How long the start waits for servers, so that the first callers find their tools. */
const START_MS = 5000;

/** @throws TandemError CONFIG_INVALID naming MCP_SERVERS, the server and the field */
export async function mcpServersOf(
  { mcpServersFile }: Config,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly McpServerSettings[]> {
  return mcpServersFile === undefined ? [] : readMcpServers(mcpServersFile, env);
}

/**
 * Connects to the MCP servers. `undefined` if there are none: then nothing of it is loaded. A server that does not answer holds up
 * the start for five seconds at most, and is tried again.
 * @throws TandemError CONFIG_INVALID, MCP_SDK_MISSING
 */
export async function openMcp(options: {
  servers: readonly McpServerSettings[];
  assistants: Assistants;
  /** The tools of extensions. */
  tools: readonly AssistantTool[];
  env: Readonly<Record<string, string | undefined>>;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
}): Promise<McpTools | undefined> {
  const { assistants, clock, env, log, metrics, servers, tools } = options;
  if (servers.length === 0) return undefined;
  checkNames(servers, assistants);
  const { loadSdk } = await import('../mcp/sdk.js');
  const { McpTools } = await import('../mcp/tools.js');
  metrics.startMcpServers(servers.map(({ name }) => name));
  const opened = new McpTools({
    servers,
    newClient: await loadSdk(await gatewayVersion()),
    env,
    isTaken: nameTaken(tools),
    clock,
    log,
    count: (server, outcome) => metrics.mcpCalls.inc({ server, outcome }),
    onUp: (server, isUp) => metrics.mcpServerUp.set({ server }, isUp ? 1 : 0),
  });
  await within(START_MS, opened.start());
  return opened;
}

/** Whether the gateway or an extension has a tool with this name. */
export function nameTaken(tools: readonly AssistantTool[]): (name: string) => boolean {
  const names = new Set([...RESERVED_NAMES, ...tools.map(({ name }) => name)]);
  return (name) => names.has(name);
}

/** @throws TandemError CONFIG_INVALID if a server is for an assistant that does not exist */
export function checkNames(servers: readonly McpServerSettings[], assistants: Assistants): void {
  for (const { assistants: names = [], name: server } of servers) {
    const unknown = names.find((name) => namedAssistant(assistants, name, '') === undefined);
    if (unknown === undefined) continue;
    throw new TandemError(
      'CONFIG_INVALID',
      `MCP_SERVERS has the server "${server}" for the assistant ${JSON.stringify(unknown)}, but there is no prompt of that name, and no such number in ASSISTANTS_FILE.`,
    );
  }
}

import type { Clock } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import type { Logger } from '../telemetry/log.js';
import type { AssistantTool } from '../voice/tools.js';
import { type McpAnswer, answerOf, refusalOf } from './answer.js';
import { kindOf } from './fault.js';
import type { OfferedTool } from './offer.js';
import type { NewClient } from './sdk.js';
import { McpAnswerError, McpServer } from './server.js';
import { type McpServerSettings, mayUse } from './servers-file.js';

/**
 * What became of a call of a tool. `error`: the tool says that it failed, or the server refused the call. `failed`: the server was
 * lost, or its answer could not be used. `unavailable`: it was not there. `abandoned`: the caller was gone. A metric label, so a
 * closed set.
 */
export type McpOutcome = 'answered' | 'error' | 'failed' | 'timeout' | 'unavailable' | 'abandoned';

/** Whose call it is. */
export interface McpUser {
  promptName: string;
  /** The number called, or the gateway's own number that calls. */
  ownNumber: string;
  /** BCP 47 tag. */
  language: string;
}

/** Maximum number of tools of all servers in one call. Each costs the model attention, and its words with every answer. */
const MAX_TOOLS = 64;

/** The tools of all servers. */
export class McpTools {
  private readonly servers: readonly McpServer[];
  private readonly options: {
    clock: Clock;
    log: Logger;
    count: (server: string, outcome: McpOutcome) => void;
  };
  private hasLoggedMany = false;

  constructor(
    options: McpTools['options'] & {
      servers: readonly McpServerSettings[];
      newClient: NewClient;
      env: Readonly<Record<string, string | undefined>>;
      /** Whether the gateway or an extension has a tool with this name. */
      isTaken: (name: string) => boolean;
      onUp: (server: string, isUp: boolean) => void;
    },
  ) {
    const { clock, env, isTaken, log, newClient, onUp, servers } = options;
    this.options = options;
    this.servers = servers.map(
      (settings) =>
        new McpServer({ settings, newClient, env, isTaken, clock, log, onUp: (isUp) => onUp(settings.name, isUp) }),
    );
  }

  /** Resolves when each server was tried once. */
  async start(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.start()));
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }

  /** The tools for a call that begins now. A server that is away has none. */
  toolsFor(user: McpUser): AssistantTool[] {
    const tools = this.servers
      .filter(({ isUp, settings }) => isUp && mayUse(settings, user.promptName, user.ownNumber))
      .flatMap((server) => server.offer.offered.map((tool) => this.toolOf(server, tool, user.language)));
    if (tools.length > MAX_TOOLS && !this.hasLoggedMany) {
      this.hasLoggedMany = true;
      this.options.log.warn(
        { tools: tools.length, limit: MAX_TOOLS },
        'the MCP servers have more tools than a call may have; the last ones are left out',
      );
    }
    return tools.slice(0, MAX_TOOLS);
  }

  private toolOf(server: McpServer, tool: OfferedTool, language: string): AssistantTool {
    const { filler, timeoutMs } = server.settings;
    const words = typeof filler === 'object' ? (filler[language] ?? filler[language.split('-')[0] ?? '']) : filler;
    return {
      name: tool.name,
      description: tool.description,
      parameters: tool.parameters,
      timeoutMs,
      ...(words === undefined ? {} : { filler: words }),
      run: (args, { signal }) => this.run(server, tool, args as Record<string, unknown>, signal),
    };
  }

  private async run(
    server: McpServer,
    tool: OfferedTool,
    args: Record<string, unknown>,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { clock, count } = this.options;
    const { maxResultChars, name, timeoutMs } = server.settings;
    const beganMs = clock.now();
    let answer: McpAnswer;
    try {
      answer = answerOf(await server.call(tool.original, args, signal), maxResultChars);
    } catch (error) {
      if (error instanceof McpAnswerError) {
        answer = refusalOf(error.message, maxResultChars);
      } else {
        const kind = kindOf(error, 'ended');
        // The runner aborts when the time is over, and when the call is.
        if (signal.aborted) count(name, clock.now() - beganMs >= timeoutMs ? 'timeout' : 'abandoned');
        else count(name, kind === 'unreachable' ? 'unavailable' : 'failed');
        throw new TandemError('MCP_FAILED', `The MCP server ${name} could not be used for a tool (${kind}).`);
      }
    }
    count(name, answer.isError ? 'error' : 'answered');
    return answer.output;
  }
}

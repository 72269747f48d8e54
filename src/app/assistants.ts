import type { Config } from '../config/config.js';
import { BUILT_IN_PROVIDERS } from '../config/rules.js';
import { type McpServerSettings, mayHaveTool } from '../mcp/servers-file.js';
import type { Extensions } from './extensions.js';
import { type Assistants, readAssistants } from '../prompts/assistants.js';
import type { VoiceProvider } from '../voice/session.js';
import type { AssistantTool } from '../voice/tools.js';

/**
 * Reads which assistant answers which number, and checks that its providers and tools exist.
 * @throws TandemError CONFIG_INVALID naming the variable, the number and the field
 */
export function openAssistants(options: {
  config: Config;
  extensions: Extensions;
  tools: readonly AssistantTool[];
  /** The servers of MCP_SERVERS. */
  mcpServers: readonly McpServerSettings[];
  /** Replace the configured providers. */
  providers?: readonly [VoiceProvider, ...VoiceProvider[]] | undefined;
}): Promise<Assistants> {
  const { config, extensions, mcpServers, providers, tools } = options;
  const { handover, voiceProviders } = config;
  return readAssistants({
    defaultPrompt: config.assistantPrompt,
    file: config.assistantsFile,
    folder: process.cwd(),
    voiceProviders: providers === undefined ? voiceProviders : namesOf(providers),
    queues: { byReason: handover.queueArns, otherwise: handover.queueArn },
    providers: providers === undefined ? [...BUILT_IN_PROVIDERS, ...extensions.providers.keys()] : namesOf(providers),
    tools: tools.map(({ name }) => name),
    mayHaveTool: (name) => mayHaveTool(mcpServers, name),
    recording: {
      mode: config.recording.mode,
      isPossible: config.twilio.accountSid !== undefined && config.twilio.authTokens.length > 0,
    },
  });
}

function namesOf([first, ...rest]: readonly [VoiceProvider, ...VoiceProvider[]]): [string, ...string[]] {
  return [first.name, ...rest.map(({ name }) => name)];
}

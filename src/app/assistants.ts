import type { Clock } from '../base/clock.js';
import type { AssistantFor } from '../call/call-facts.js';
import type { Config } from '../config/config.js';
import { BUILT_IN_PROVIDERS } from '../config/rules.js';
import { type McpServerSettings, mayHaveTool } from '../mcp/servers-file.js';
import type { Extensions } from './extensions.js';
import type { Assistant } from '../prompts/assistant.js';
import { type Assistants, readAssistants } from '../prompts/assistants.js';
import { chosenAssistant } from '../prompts/known-caller.js';
import { outboundAssistant } from '../prompts/outbound-prompt.js';
import { chosenOnTape } from './taped-settings.js';
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

/** Returns how the assistant of a call is found: by what an outbound call asks for, what is known of the caller, and the number. */
export function assistantOf(assistants: Assistants, clock: Clock): AssistantFor {
  return (ownNumber, outbound, known, chosen = {}) => {
    const { assistant = outbound?.assistant, language } = chosen;
    const { context } = outbound ?? {};
    const own = outbound && outboundAssistant(assistants, { ownNumber, assistant, context, language });
    if (own !== undefined) return own;
    const find = (): Assistant => chosenAssistant(assistants, ownNumber, known, chosen);
    return chosen.assistant === undefined && chosen.language === undefined ? find() : chosenOnTape(find, clock);
  };
}

function namesOf([first, ...rest]: readonly [VoiceProvider, ...VoiceProvider[]]): [string, ...string[]] {
  return [first.name, ...rest.map(({ name }) => name)];
}

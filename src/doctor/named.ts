import { openAssistants } from '../app/assistants.js';
import { checkNames, mcpServersOf } from '../app/open-mcp.js';
import { type Extensions, loadExtensions, processorsOf } from '../app/extensions.js';
import type { Config } from '../config/config.js';
import type { McpServerSettings } from '../mcp/servers-file.js';

/** What the settings, the extensions and the assistants' file name together. */
export interface Named {
  extensions: Extensions;
  /** Every provider that may answer a call. */
  providers: readonly string[];
  /** The voices that may be asked of a provider, its configured one first. */
  voicesOf: (provider: string, configured: string) => readonly string[];
  /** ISO tags of the languages in which calls begin. */
  languages: readonly string[];
  /** The ARN of every queue to which a caller may be sent. */
  queues: readonly string[];
  mcpServers: readonly McpServerSettings[];
}

/** @throws TandemError CONFIG_INVALID naming EXTENSIONS, ASSISTANT_PROMPT, ASSISTANTS_FILE or MCP_SERVERS */
export async function readNamed(config: Config, env: Readonly<Record<string, string | undefined>>): Promise<Named> {
  const extensions = await loadExtensions(config.extensions, process.cwd());
  // Ends the start if they have no place.
  processorsOf(extensions, config, {});
  const mcpServers = await mcpServersOf(config, env);
  const assistants = await openAssistants({ config, extensions, tools: extensions.tools, mcpServers });
  checkNames(mcpServers, assistants);
  const { all } = assistants;
  return {
    extensions,
    providers: unique([...config.voiceProviders, ...assistants.providers]),
    voicesOf: (provider, configured) =>
      unique([configured, ...all.flatMap(({ prompt }) => prompt.voices[provider] ?? [])]),
    languages: unique(all.map(({ prompt }) => prompt.language)),
    mcpServers,
    queues: unique(all.flatMap(({ queueArns }) => queueArns)),
  };
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

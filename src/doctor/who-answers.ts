import type { Extensions } from '../app/extensions.js';
import type { McpServerSettings } from '../mcp/servers-file.js';
import type { CheckContext } from './check.js';

/** What the checks need to know of assistants and extensions. */
export interface WhoAnswers {
  providers: readonly string[];
  voicesOf: (provider: string, configured: string) => readonly string[];
  languages: readonly string[];
  queues: readonly string[];
  /** `undefined` if they cannot be loaded. */
  extensions: Extensions | undefined;
  /** Absent if they cannot be read. */
  mcpServers?: readonly McpServerSettings[];
}

/** Who may answer, or what the settings alone say if assistants or extensions cannot be read. */
export async function whoAnswers({ config, named }: Pick<CheckContext, 'config' | 'named'>): Promise<WhoAnswers> {
  try {
    return await named;
  } catch {
    const { queueArn, queueArns } = config.handover;
    return {
      providers: config.voiceProviders,
      voicesOf: (_provider, configured) => [configured],
      languages: ['en'],
      queues: [queueArn, ...Object.values(queueArns)].filter((arn) => arn !== undefined),
      extensions: undefined,
    };
  }
}

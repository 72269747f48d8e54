import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { TandemError } from '../base/errors.js';

/** Creates the SDK's client of one link. It offers the server nothing: no files, no questions to the model or the caller. */
export type NewClient = () => Client;

/**
 * Loads the official SDK, which is an optional package and takes some megabytes of memory.
 * @throws TandemError MCP_SDK_MISSING
 */
export async function loadSdk(version: string): Promise<NewClient> {
  try {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    return () => new Client({ name: 'tandem', version }, { capabilities: {} });
  } catch (error) {
    throw new TandemError(
      'MCP_SDK_MISSING',
      'MCP_SERVERS is set, but the package @modelcontextprotocol/sdk cannot be loaded.',
      {
        cause: error,
      },
    );
  }
}

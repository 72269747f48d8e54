import type { ProviderFactory } from '../../src/app/extensions.js';
import { ScriptedProvider } from './scripted-provider.js';

/**
 * For {@link ClusterRig}: the scripted model as an extension, for a gateway in a process of its own. SIGURG makes it throw outside
 * of everything that the gateway called.
 */
export const providers: Record<string, ProviderFactory> = { scripted: () => new ScriptedProvider() };

process.on('SIGURG', () => {
  throw new Error('private words');
});

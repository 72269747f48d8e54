import type { ProviderFactory } from '../src/app/extensions.js';
import { EchoProvider } from './echo-provider.js';

/** The echo as an extension, for a gateway that is started as an operator starts it. */
export const providers: Record<string, ProviderFactory> = { echo: () => new EchoProvider() };

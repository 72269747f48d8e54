import { fileURLToPath } from 'node:url';

/**
 * For gateways in processes of their own: settings with which the embedded voice speaks nothing, because it is English. Otherwise
 * each process begins by synthesising the gateway's own lines, for most of a second of a core, and no test hears them.
 */
export const NO_LINES = { ASSISTANT_PROMPT: fileURLToPath(new URL('../../../chaos/german.json', import.meta.url)) };

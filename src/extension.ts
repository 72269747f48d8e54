/**
 * The public API for extensions, imported as `tandem/extension`.
 *
 * An extension is a module named in EXTENSIONS. It exports `providers`, a record of {@link ProviderFactory} by name, or
 * `tools`, an array of {@link AssistantTool}, or both. Audio is mu-law at 8 kHz in both directions. The manual, with a
 * whole voice and a whole tool as examples, is docs/build/extensions.md.
 */
export { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from './audio/chunk.js';
export { mulawToPcm, pcmToMulaw } from './audio/g711.js';
export type { Clock, Timer } from './base/clock.js';
export { TandemError } from './base/errors.js';
export type { ProviderContext, ProviderFactory } from './app/extensions.js';
export type { HeardItem, Turn } from './voice/history.js';
export type {
  ConversationView,
  RenewalTimes,
  ResponseStatus,
  ToolDefinition,
  VoiceEvent,
  VoiceListener,
  VoiceProvider,
  VoiceSession,
  VoiceSessionOptions,
  VoicePreferences,
} from './voice/session.js';
export { type AssistantTool, type ToolContext, defineTool } from './voice/tools.js';

/**
 * What an extension of the gateway is written against, as `tandem/extension`: a module named in EXTENSIONS that exports
 * `providers` (voices), `tools`, or both. See docs/build.
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

/**
 * The public API for extensions, imported as `tandem/extension`.
 *
 * An extension is a module named in EXTENSIONS. It exports any of `providers`, a record of {@link ProviderFactory} by name,
 * `tools`, an array of {@link AssistantTool}, `processors`, a record of {@link ProcessorEntry} by name, `beforeCall`, a
 * {@link BeforeCallFunction}, `onSecret`, a {@link SecretFunction}, and `onCallEvent` or `afterCall`, a {@link CallEventFunction}. Audio is mu-law at 8 kHz in both directions. The manual, with a whole voice, tool and processor as examples, is docs/build/extensions.md.
 */
export { AudioChunk, MULAW_BYTES_PER_MS, TELEPHONE_RATE_HZ } from './audio/chunk.js';
export { mulawToPcm, pcmToMulaw } from './audio/g711.js';
export type { Clock, Timer } from './base/clock.js';
export { TandemError } from './base/errors.js';
export type { ProcessorContext, ProcessorEntry, ProviderContext, ProviderFactory } from './app/extensions.js';
export type { BeforeCallFunction, BeforeCallQuestion } from './hooks/context-sources.js';
export type { ToldEvent } from './hooks/call-event.js';
export type { CallEventContext, CallEventFunction } from './hooks/event-sinks.js';
export type { SecretContext, SecretFunction, TypedSecret } from './call/secrets/secret-function.js';
export type { Frame } from './pipeline/frame.js';
export type { Link, Processor } from './pipeline/processor.js';
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

import type { TandemError } from '../../base/errors.js';
import type { VoiceEvent, VoiceProvider } from '../session.js';
import type { Passing } from './passing.js';
import type { SupervisedSession } from './supervised-session.js';

/** How a session begins: with a line of its own, with an answer to the last turn of the conversation, or listening. */
export interface Opening {
  greeting: string | undefined;
  answersLast: boolean;
}

/** The conversation that goes from one session to the next. */
export interface SuccessionOwner {
  /** The provider that the caller heard last. */
  readonly speaker: string | undefined;
  /** Called with every event but `ready` of the session that the caller is talking to. */
  onEvent(supervised: SupervisedSession, event: VoiceEvent): void;
  /** Called each time a session that the caller waited for is ready. */
  onReady(): void;
  /** Decides how the session that follows a lost one begins. */
  opening(provider: VoiceProvider, lost: SupervisedSession): Opening;
  /** Called when a session was opened in place of a lost one, with the session whose loss began the outage. */
  onReopened(supervised: SupervisedSession, origin: SupervisedSession): void;
  /** Returns how the session of another assistant begins. */
  passedOpening(passing: Passing): Opening;
  /** Called when the session of another assistant, or after a refusal that of this one, gets what the caller says. */
  onHandedOver(to: SupervisedSession): void;
  /** Called with the missing end events of what a lost session began. */
  onAbandoned(event: VoiceEvent): void;
  /** Called when every provider has failed. */
  onFailed(error: TandemError): void;
}

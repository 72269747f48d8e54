/** Where a contact's values come from in a path like `$.External.reason`. */
export type Namespace = 'External' | 'Attributes' | 'FlowAttributes';

/** Priority and voice of a contact for which a flow sets none (Amazon Connect: change routing priority, set voice). */
const USUAL_PRIORITY = '5';
const USUAL_VOICE = 'Joanna';

/**
 * One contact. What stands here outlives the flow that set it: later segments, the whisper and the guide inherit it, also
 * whether flows are logged (Amazon Connect: UpdateFlowLoggingBehavior).
 */
export interface FlowContact {
  readonly contactId: string;
  readonly customerNumber: string;
  readonly systemNumber: string;
  readonly attributes: Record<string, string>;
  /** Flows by event, for example `AgentWhisper`. */
  readonly hooks: Record<string, string>;
  /** The lower, the sooner. */
  priority: string;
  voice: string;
  isLogged: boolean;
  isGone(): boolean;
  /** Resolves after `delayMs`, or at once when the contact is gone. */
  pause(delayMs: number): Promise<void>;
}

export function newContact(
  facts: Pick<FlowContact, 'contactId' | 'customerNumber' | 'systemNumber' | 'isGone' | 'pause'>,
): FlowContact {
  return { ...facts, attributes: {}, hooks: {}, priority: USUAL_PRIORITY, voice: USUAL_VOICE, isLogged: true };
}

import type { BeforeCall } from '../call/before-call.js';
import type { AssistantFor } from '../call/call-facts.js';
import type { OwnProcessor } from '../call/media/own-processors.js';
import type { SecretHandler } from '../call/secrets/secret-function.js';
import type { Clock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import type { OtherInstances } from '../console/other-instances.js';
import type { PhonePages } from '../console/phones.js';
import type { ScrubTape } from '../console/scrubbed-tapes.js';
import type { HubSpot } from '../crm/hubspot.js';
import type { OwnPhrases } from '../escalation/asks-for-human.js';
import type { ConnectAgents } from '../handover/agent-availability.js';
import type { CallbackStore } from '../handover/callbacks.js';
import type { CallerIndex } from '../handover/caller-index.js';
import type { HandoverStore } from '../handover/store.js';
import type { CallEvents } from '../hooks/call-events.js';
import type { InjectedFaults } from './injected-faults.js';
import type { Journal } from '../journal/journal.js';
import type { OutboundParts } from './outbound.js';
import type { Peers } from './peers.js';
import type { Assistant } from '../prompts/assistant.js';
import type { TapeRecorder } from '../tape/recorder.js';
import type { CallIds } from '../telemetry/call-ids.js';
import type { Logger } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { CallTraces } from '../trace/call-traces.js';
import type { CallVoice } from '../voice/continuity/provider.js';
import type { AssistantTool } from '../voice/tools.js';

/**
 * The parts of a gateway. The gateway owns only the server. The other parts are closed by the code that opened them.
 */
export interface GatewayParts {
  config: Config;
  log: Logger;
  metrics: Metrics;
  provider: CallVoice;
  store: HandoverStore;
  pepper: string;
  /** Where calls are recorded so that another instance can take them over. */
  journal: Journal;
  /** Stores the messages that callers leave for the team. */
  callbacks: CallbackStore;
  /** Finds handovers by the caller's number. Absent if that is switched off. */
  callers?: CallerIndex | undefined;
  /** Asks whether an agent can take a handover. `undefined` if that is not checked. */
  agents?: ConnectAgents | undefined;
  /** Gets a copy of every handover, without delaying the call. `undefined` if no CRM is configured. */
  crm?: HubSpot | undefined;
  /** Returns the assistant for calls to this number, or for a call that the gateway makes from it. */
  assistantFor: AssistantFor;
  /** Tells the operator's systems of calls. `undefined` if they are not told. */
  callEvents?: CallEvents | undefined;
  /** Asks what is known of a call before it is answered. `undefined` if nothing can be asked. */
  beforeCall?: BeforeCall | undefined;
  /** What is needed to make calls. `undefined` if the gateway makes none. */
  outbound?: OutboundParts | undefined;
  /** Tools besides the built-in ones. */
  tools?: readonly AssistantTool[];
  /** Returns the tools of MCP servers for a call to or from this number. `undefined` if there are no servers. */
  mcpTools?: ((assistant: Assistant, ownNumber: string) => readonly AssistantTool[]) | undefined;
  /** Takes the digits that no model hears. `undefined` if no extension does. */
  secrets?: SecretHandler | undefined;
  /** Processors of extensions. */
  processors?: readonly OwnProcessor[];
  /** The operator's phrases that ask for a human, besides the built-in ones. */
  ownPhrases?: OwnPhrases;
  clock?: Clock;
  /** Other processes behind the same port. `undefined` if there are none. */
  peers?: Peers | undefined;
  /** Learns the ids of every call, for the log. */
  ids?: CallIds | undefined;
  /** The softphone and the agent's desk. `undefined` if the carrier is not simulated. */
  phones?: PhonePages | undefined;
  /** Lets the operator break what a call stands on. `undefined` if the carrier is not simulated. */
  faults?: InjectedFaults | undefined;
  /** The consoles of other instances. `undefined` if there are none. */
  consoles?: OtherInstances | undefined;
  /** What processes behind one port sign the console's pages with, if there is no token. `undefined` for a random one. */
  consoleSecret?: Buffer | undefined;
  /** Ends the process as a signal does, when the operator asks for it. By default only the calls are finished. */
  stop?: (() => void) | undefined;
  /** Sends the requests to Twilio. Default: `fetch` of Node. */
  fetch?: typeof fetch;
  /** Traces the calls. `undefined` if they are not traced. */
  traces?: CallTraces | undefined;
  /** Records the calls. `undefined` if they are not recorded. */
  recorder?: TapeRecorder | undefined;
  /** Takes the people out of a tape, for the console. `undefined` if nothing here can. */
  scrubTape?: ScrubTape | undefined;
  /** More fields for /health. In local mode the simulator finds the embedded store there. */
  about?: Record<string, unknown>;
}

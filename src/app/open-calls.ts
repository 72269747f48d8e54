import { Admission, eventLoopDelay } from '../call/admission.js';
import { CallRegistry } from '../call/registry.js';
import type { CallServices } from '../call/call-services.js';
import { EscalationRules } from '../escalation/rules.js';
import type { GatewayParts } from './gateway-parts.js';
import { HandoverDesk } from '../handover/desk.js';
import type { Twilio } from './open-twilio.js';

/** What the gateway itself does for its calls. */
interface ForCalls extends Pick<CallServices, 'clock' | 'emit' | 'tools' | 'url'>, Twilio {}

/** Returns the calls of a gateway, of which there are none yet, with all that they share. */
export function openCalls(parts: GatewayParts, { clock, emit, recordings, rest, tools, url }: ForCalls): CallRegistry {
  const { assistantFor, config, log, metrics, pepper, provider, store } = parts;
  const { handover } = config;
  return new CallRegistry(
    {
      clock,
      log,
      metrics,
      provider,
      assistantFor,
      beforeCall: parts.beforeCall,
      onEndedElsewhere: (callSid, outcome) => parts.callEvents?.endedElsewhere(callSid, outcome),
      onRefused: (call) => parts.callEvents?.refused(call),
      desk: new HandoverDesk({
        store,
        callers: parts.callers,
        pepper,
        ttlSeconds: handover.ttlSeconds,
        clock,
        log,
      }),
      tools,
      processors: parts.processors ?? [],
      rules: new EscalationRules({
        ...config.escalation,
        ...(parts.ownPhrases === undefined ? {} : { phrases: parts.ownPhrases }),
      }),
      humanDigit: config.humanDigit,
      idleMs: config.idleMs,
      journal: parts.journal,
      tokenLifeMs: handover.ttlSeconds * 1000,
      maxCallMs: config.maxCallMs,
      maxUnansweredTurns: config.maxUnansweredTurns,
      pipeline: config.pipeline,
      connectPhoneNumber: handover.connectPhoneNumber,
      ownNumber: config.twilio.phoneNumber,
      callbacks: parts.callbacks,
      doNotCall: parts.outbound?.doNotCall,
      agents: parts.agents,
      crm: parts.crm,
      recordings,
      secrets: parts.secrets && { handle: parts.secrets, passesAudio: config.passesSecretAudio },
      rest: config.dial.by === 'rest' ? rest : undefined,
      isOverAtTwilio: rest && ((callSid) => rest.isOver(callSid)),
      nextSteps: config.dial.nextSteps,
      summaryLanguage: handover.summaryLanguage,
      briefing: handover.briefing,
      url,
      traces: parts.traces,
      streamsComeHere: config.streamHost !== undefined || parts.peers !== undefined,
      emit,
    },
    new Admission({
      clock,
      delay: config.maxLoopDelayMs > 0 ? eventLoopDelay() : undefined,
      maxCalls: config.maxConcurrentCalls,
      maxDelayMs: config.maxLoopDelayMs,
      isProviderFull: (numberCalled) => provider.isFullFor(assistantFor(numberCalled).providers),
      onStall: (delayMs) => {
        log.error(
          { delay_ms: Math.round(delayMs) },
          'the event loop is late; new callers go to another instance or a human until it keeps up',
        );
      },
    }),
  );
}

import { renderAgentScreen } from '../connect/agent-screen.js';
import type { CarrierCall } from '../twilio/carrier-call.js';
import type { Element } from '../twilio/twiml.js';
import type { AgentSideListener } from './agent-side.js';
import type { CallerEvent } from './caller.js';
import type { Timeline } from './timeline.js';

/** Writes the carrier's side of a call to a timeline. */
export function watchCarrier(call: CarrierCall, timeline: Timeline): void {
  call.on('twiml', (request, verbs) =>
    timeline.note('carrier', `${request} → ${verbs.map(describe).join(', ') || 'nothing to do'}`),
  );
  call.on('stream-started', () => timeline.note('carrier', 'media stream is open'));
  call.on('stream-ended', (cause) => timeline.note('carrier', `media stream is over (${cause})`));
  call.on('say', (text) => timeline.note('carrier', `says: ${text}`));
  call.on('dial-started', (number) => timeline.note('carrier', `rings ${number}`));
  call.on('dial-answered', (number) => timeline.note('carrier', `${number} has answered`));
  call.on('bridged', () => timeline.note('carrier', 'caller and agent are joined'));
  call.on('problem', (code, what) => {
    // Twilio logs every stream that the server closes, and a handover starts like that.
    if (code !== 31921) timeline.note('carrier', `problem ${code}: ${what}`);
  });
  call.on('ended', (reason) => timeline.note('carrier', `the call is over (${reason})`));
}

export function noteCaller(event: CallerEvent, timeline: Timeline): void {
  switch (event.type) {
    case 'speaks':
      timeline.note('caller', `says: “${event.label}”`);
      return;
    case 'presses':
      timeline.note('caller', `presses ${event.digits.length} keys`);
      return;
    case 'answered':
      timeline.note('caller', `is answered after ${(event.afterMs / 1000).toFixed(1)} s`);
      return;
    case 'unanswered':
      timeline.note('caller', 'hears no answer');
  }
}

/** Steps of a flow that change nothing for the caller or the agent by themselves. They are told on request only. */
const INNER_STEPS = new Set([
  'Compare',
  'Loop',
  'UpdateContactAttributes',
  'UpdateContactEventHooks',
  'UpdateContactTextToSpeechVoice',
  'UpdateFlowAttributes',
  'UpdateFlowLoggingBehavior',
]);

/** Writes the agent's side of a call to a timeline. `verbose`: with every step of the flow. */
export function watchAgentSide(timeline: Timeline, verbose: boolean): AgentSideListener {
  return {
    onStep: ({ action, detail, type }) => {
      if (verbose || !INNER_STEPS.has(type)) timeline.note('connect', `${action}: ${detail}`);
    },
    onScreen: (screen) => timeline.block(renderAgentScreen(screen)),
    onWhisper: (text) => timeline.note('agent', `hears: ${text}`),
    onSaid: (text) => timeline.note('connect', `says: ${text}`),
  };
}

function describe(verb: Element): string {
  const inner = verb.children.map((child) => `<${child.name}>`).join('');
  return `<${verb.name}>${inner}`;
}

import type { CallEvent } from '../call/call-events.js';
import type { CallRecord } from './call-record.js';

/** Notes what has happened on a call in its record. */
export function noteEvent(record: CallRecord, event: CallEvent): void {
  switch (event.type) {
    case 'state':
      record.entered(event.state);
      return;
    case 'turn':
      record.turned(event.turn);
      return;
    case 'caller-speech':
      record.add({ kind: 'caller-speech', ms: Math.round(event.ms) }, event.ms);
      return;
    case 'model-speech':
      record.modelSpoke(event);
      return;
    case 'barge-in':
      record.bargedIn();
      return;
    case 'answered':
      record.answered(event);
      return;
    case 'quiet':
      record.quiet(event);
      return;
    case 'tool':
      record.add({ kind: 'tool', name: event.name });
      return;
    case 'assistant':
      record.passed(event);
      return;
    case 'seam':
      record.replaced(event);
      return;
    case 'escalated':
      record.escalated(event.escalation);
      return;
    case 'handover-prepared':
      record.prepared(event);
      return;
    case 'token-played':
      record.add({ kind: 'handover', step: 'digits', digits: event.digits });
      return;
    case 'briefing':
      // What else the person may have done is the outcome of the dial.
      if (event.step === 'spoken') record.add({ kind: 'handover', step: 'briefed' });
      else if (event.step === 'taken') record.add({ kind: 'handover', step: 'taken' });
      return;
    case 'dialling':
      record.add({ kind: 'handover', step: 'dial' });
      return;
    case 'dial-ended':
      record.add({ kind: 'dial', outcome: event.outcome });
      return;
    case 'resumed':
      record.resumed(event);
      return;
    case 'moving':
      record.add({ kind: 'move' });
      return;
    case 'ended':
      record.end(event.outcome);
      return;
    case 'started':
    case 'ended-elsewhere':
    case 'stream-started':
    case 'stream-ended':
    case 'connected':
    case 'tool-done':
    case 'usage':
    case 'crm-ended':
    case 'message-kept':
      return;
  }
}

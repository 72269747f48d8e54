import type { ToldEvent } from '../../src/hooks/call-event.js';

/** The first event of a call, as a receiver gets it. */
export const STARTED: ToldEvent = {
  id: 'c0ffee-started',
  type: 'call.started',
  created: '2026-01-01T00:00:00.000Z',
  sequence: 1,
  call: {
    call_sid: `CA${'1'.repeat(32)}`,
    conversation_id: 'c0ffee',
    direction: 'inbound',
    from: '+12025550123',
    to: '+12065550199',
    started_at: '2026-01-01T00:00:00.000Z',
  },
  data: {},
};

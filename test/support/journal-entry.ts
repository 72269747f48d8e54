import { freshCallSid } from '../contracts/journal-backend.js';
import type { JournalEntry } from '../../src/journal/entry.js';

/** For tests of the journal: returns the entry of a call in the middle of a conversation. */
export function sampleEntry(changes: Partial<JournalEntry> = {}): JournalEntry {
  return {
    callSid: freshCallSid(),
    conversationId: 'c0ffee',
    from: '+15551230000',
    to: '+12065550100',
    startedAtMs: 1_790_000_000_000,
    prompt: 'default',
    provider: 'local',
    turns: [
      { speaker: 'assistant', text: 'Hello, how can I help?', interrupted: false },
      { speaker: 'caller', text: 'My order 42 has not come.', interrupted: false },
    ],
    turnsDropped: 0,
    resumes: 0,
    dials: 0,
    known: { variables: { plan: 'order of merit' } },
    stand: { name: 'talking' },
    ...changes,
  };
}

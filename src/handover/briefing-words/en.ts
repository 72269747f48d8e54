import type { BriefingWords } from './briefing-words.js';

export const en: BriefingWords = {
  reasons: {
    requested_human: 'The caller asked for a person',
    not_understood: 'The assistant did not understand the caller',
    assistant_failed: 'The assistant had a fault',
    complaint: 'The caller has a complaint',
    billing: 'The caller has a question about a bill or a payment',
    order: 'The caller has a question about an order',
    returns: 'The caller wants to return something',
    technical: 'The caller has a technical problem',
    account: 'The caller has a question about their account',
    sales: 'The caller may want to buy something',
    other: 'The assistant could not help',
    angry_caller: 'The caller is upset',
    caller_silent: 'The caller stopped answering',
    call_limit: 'The call had lasted as long as the assistant may talk',
    stopping: 'The assistant had to stop, through no fault of the caller',
    put_through: 'The call was put through at once, without the assistant',
  },
  topics: {
    billing: 'a bill or a payment',
    returns: 'a return',
    order: 'an order',
    technical: 'a technical problem',
    account: 'the account',
    sales: 'buying something',
    opening_hours: 'the opening hours',
  },
  about: 'It is about {topic}',
  unknown: 'The assistant puts a caller through',
  choice: 'Press 1 to take the call, or 2 to decline.',
};

import type { Escalation, Reason } from './escalation.js';

/** Amazon Connect answers the lowest number first. A contact without a priority has 5. */
const PRIORITY_OF_MOST = '5';
const PRIORITIES: Partial<Record<Reason, string>> = {
  // These are the gateway's fault, and they interrupted the caller.
  assistant_failed: '3',
  call_limit: '3',
  stopping: '3',
  angry_caller: '4',
  complaint: '4',
  not_understood: '4',
  // The caller may have left.
  caller_silent: '7',
};

/** How urgent a handover is. A failure of the gateway is urgent for any reason. */
export function priorityOf({ reason, trigger }: Escalation): string {
  return (trigger === 'failure' ? PRIORITIES.assistant_failed : PRIORITIES[reason]) ?? PRIORITY_OF_MOST;
}

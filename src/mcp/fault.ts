/**
 * Why a server cannot be used, or a call of it failed. `ended`: its program is over, or its answer broke off. `session`: it has
 * forgotten the session. `flood`: it sends without end. For the log and the doctor, so it holds nothing of what the server said.
 */
export type McpFaultKind =
  | 'unreachable'
  | 'refused'
  | 'redirect'
  | 'status'
  | 'too_large'
  | 'unreadable'
  | 'ended'
  | 'session'
  | 'flood'
  | 'late';

export class McpFault extends Error {
  readonly kind: McpFaultKind;

  constructor(kind: McpFaultKind) {
    super(kind);
    this.name = 'McpFault';
    this.kind = kind;
  }
}

/** Returns why something failed. An error of somebody else's code tells nothing, because its text may hold anything. */
export function kindOf(error: unknown, otherwise: McpFaultKind): McpFaultKind {
  return error instanceof McpFault ? error.kind : otherwise;
}

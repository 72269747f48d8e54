import type { ConnectFault, ErrorClass, FaultMoment, LaterFault } from '../model/faults.js';
import { FAULT_USAGE, FaultPlan, type PlannedFault, parseFault } from '../model/faults.js';
import type { Act } from '../model/script.js';
import { EXCEPTION_TYPES, type ExceptionType } from './event-stream.js';
import type { Refusal } from './request.js';

/** What only this service does. */
type OwnFault =
  | { type: 'exception'; exception: ExceptionType; message?: string }
  /** A validation error by its class, transient by its words. */
  | { type: 'instability' }
  | { type: 'rst-stream'; code?: number }
  /** Nothing of what the client sends is taken any more. */
  | { type: 'stop-reading' };

/** `close` is an end without a word, in the middle of the session; its code means nothing here. */
export type NovaFault = LaterFault | OwnFault;

export type PlannedNovaFault = PlannedFault | { when: FaultMoment; fault: OwnFault; session?: number };

export class NovaFaultPlan {
  private readonly plan: FaultPlan;

  constructor(planned: readonly PlannedNovaFault[], session: number) {
    // The plan only looks at the moments.
    this.plan = new FaultPlan(planned as readonly PlannedFault[], session);
  }

  get atConnect(): ConnectFault | undefined {
    return this.plan.atConnect;
  }

  get inSession(): { ms: number; fault: NovaFault }[] {
    return this.plan.inSession;
  }

  atTurn(turn: number): NovaFault[] {
    return this.plan.atTurn(turn);
  }

  inAnswer(turn: number): { ms: number; fault: NovaFault }[] {
    return this.plan.inAnswer(turn);
  }
}

/** The same for a scripted brain. */
export function novaFault(fault: NovaFault): Act {
  return { type: 'fault', fault: fault as LaterFault };
}

export const NOVA_FAULT_USAGE = `${FAULT_USAGE}
    WHAT later, of Nova alone: instability | rst-stream[:CODE] | stop-reading | ${EXCEPTION_TYPES.join(' | ')}`;

/** Reads a fault from a command line (see {@link NOVA_FAULT_USAGE}); undefined when it is not one. */
export function parseNovaFault(text: string): PlannedNovaFault | undefined {
  const own = /^([^=]+)=(.+)$/.exec(text);
  const fault = own === null ? undefined : parseOwn(own[2] as string);
  if (own === null || fault === undefined) return parseFault(text);
  const planned = parseFault(`${own[1] as string}=stall`);
  return planned === undefined || planned.when.at === 'connect'
    ? undefined
    : ({ ...planned, fault } as PlannedNovaFault);
}

function parseOwn(what: string): OwnFault | undefined {
  if (what === 'instability' || what === 'stop-reading') return { type: what };
  const rst = /^rst-stream(?::(\d+))?$/.exec(what);
  if (rst !== null) return { type: 'rst-stream', ...(rst[1] === undefined ? {} : { code: Number(rst[1]) }) };
  const exception = EXCEPTION_TYPES.find((type) => type === what);
  return exception === undefined ? undefined : { type: 'exception', exception };
}

export const INSTABILITY = 'System instability detected. Please retry your request.';
export const BLOCKED = 'The generated text has been blocked by our content filters.';

/** The words of an exception that gives none of its own. */
export const EXCEPTION_MESSAGES: Readonly<Record<ExceptionType, string>> = {
  validationException: 'Invalid input request, please fix your input and try again.',
  modelStreamErrorException: 'The model returned the following errors: unexpected error while generating the response.',
  modelTimeoutException: 'Model has timed out in processing the request',
  throttlingException: 'Too many requests, please wait before trying again.',
  internalServerException: 'The system encountered an unexpected error during processing. Try your request again.',
  serviceUnavailableException: 'Bedrock is unable to process your request.',
};

/** Credentials are looked at once, so that `unauthorized` in mid-stream is an invalid request. */
const EXCEPTION_OF: Readonly<Record<ErrorClass, ExceptionType>> = {
  server: 'internalServerException',
  throttled: 'throttlingException',
  'invalid-request': 'validationException',
  unauthorized: 'validationException',
  unavailable: 'serviceUnavailableException',
  timeout: 'modelTimeoutException',
};

/** The exception that a fault comes as; undefined when it does not come as one. */
export function exceptionOf(fault: NovaFault): { exception: ExceptionType; message: string } | undefined {
  switch (fault.type) {
    case 'exception':
      return { exception: fault.exception, message: fault.message ?? EXCEPTION_MESSAGES[fault.exception] };
    case 'instability':
      return { exception: 'validationException', message: INSTABILITY };
    case 'blocked':
      return { exception: 'validationException', message: BLOCKED };
    case 'failed-response':
      return exceptionOf({ type: 'exception', exception: 'modelStreamErrorException' });
    case 'error': {
      const exception = EXCEPTION_OF[fault.class];
      return { exception, message: fault.message ?? EXCEPTION_MESSAGES[exception] };
    }
    default:
      return undefined;
  }
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  424: 'ModelErrorException',
  429: 'ThrottlingException',
  500: 'InternalServerException',
  503: 'ServiceUnavailableException',
};

/** A refusal with this status in the service's words (Bedrock API reference, InvokeModelWithBidirectionalStream). */
export function refusalOf(status: number): Refusal {
  const type = REFUSALS[status] ?? (status < 500 ? 'ValidationException' : 'InternalServerException');
  const name = `${type[0]?.toLowerCase()}${type.slice(1)}` as ExceptionType;
  return { status, type, message: EXCEPTION_MESSAGES[name] ?? 'The request was refused.' };
}

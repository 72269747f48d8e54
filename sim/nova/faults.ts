import type { ConnectFault, ErrorClass, FaultMoment, LaterFault } from '../model/faults.js';
import { FaultPlan, type PlannedFault, faultUsage, parseFault } from '../model/faults.js';
import type { Act } from '../model/script.js';
import { EXCEPTION_TYPES, type ExceptionType } from './event-stream.js';
import type { Refusal } from './request.js';

/** Faults of this service alone. */
type OwnFault =
  | { type: 'exception'; exception: ExceptionType; message?: string }
  /** A validation error by class, but a transient one by its message. */
  | { type: 'instability' }
  | { type: 'rst-stream'; code?: number }
  /** The service stops reading what the client sends. */
  | { type: 'stop-reading' };

/** `close` ends the stream without an event in the middle of the session. Its code has no effect here. */
export type NovaFault = LaterFault | OwnFault;

export type PlannedNovaFault = PlannedFault | { when: FaultMoment; fault: OwnFault; session?: number };

export class NovaFaultPlan {
  private readonly plan: FaultPlan;

  constructor(planned: readonly PlannedNovaFault[], session: number) {
    // The plan reads only the moments.
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

/** Returns a fault as an act of a scripted brain. */
export function novaFault(fault: NovaFault): Act {
  return { type: 'fault', fault: fault as LaterFault };
}

export const NOVA_FAULT_USAGE = faultUsage({
  what: `or, of Nova alone: instability | rst-stream[:CODE] | stop-reading |
                   ${EXCEPTION_TYPES.slice(0, 3).join(' | ')} |
                   ${EXCEPTION_TYPES.slice(3).join(' | ')}`,
  examples: [
    ['answer:800:2@1=rst-stream', 'resets the first HTTP/2 stream 0.8 s into its second answer; the call goes on'],
    ['turn:2=instability', 'asks the client to retry, as the service does now and then'],
    ['session:20000=stop-reading', 'reads nothing more after 20 s'],
    ['turn:2=modelTimeoutException', 'ends the stream with this exception'],
  ],
});

/** Parses a fault of a command line (see {@link NOVA_FAULT_USAGE}). `undefined` if the text is not a fault. */
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

/** The messages of exceptions for which the fault has none. */
export const EXCEPTION_MESSAGES: Readonly<Record<ExceptionType, string>> = {
  validationException: 'Invalid input request, please fix your input and try again.',
  modelStreamErrorException: 'The model returned the following errors: unexpected error while generating the response.',
  modelTimeoutException: 'Model has timed out in processing the request',
  throttlingException: 'Too many requests, please wait before trying again.',
  internalServerException: 'The system encountered an unexpected error during processing. Try your request again.',
  serviceUnavailableException: 'Bedrock is unable to process your request.',
};

/** Credentials are checked only at the start, so `unauthorized` in mid-stream is an invalid request. */
const EXCEPTION_OF: Readonly<Record<ErrorClass, ExceptionType>> = {
  server: 'internalServerException',
  throttled: 'throttlingException',
  'invalid-request': 'validationException',
  unauthorized: 'validationException',
  unavailable: 'serviceUnavailableException',
  timeout: 'modelTimeoutException',
};

/** Returns the exception that a fault causes. `undefined` if it causes none. */
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

/**
 * Returns a refusal with this status in the service's words (Bedrock API reference,
 * InvokeModelWithBidirectionalStream).
 */
export function refusalOf(status: number): Refusal {
  const type = REFUSALS[status] ?? (status < 500 ? 'ValidationException' : 'InternalServerException');
  const name = `${type[0]?.toLowerCase()}${type.slice(1)}` as ExceptionType;
  return { status, type, message: EXCEPTION_MESSAGES[name] ?? 'The request was refused.' };
}

import { callResource } from './call-resource.js';
import type { CarrierCall } from './carrier-call.js';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 1000;

/**
 * Returns the calls that a query asks for, the newest first (Twilio: API – Call resource, read multiple). Dates are days in
 * UTC.
 */
export function callList(
  accountSid: string,
  calls: readonly CarrierCall[],
  query: URLSearchParams,
): Record<string, unknown> {
  const path = `/2010-04-01/Accounts/${accountSid}/Calls.json`;
  const size = Math.min(MAX_PAGE_SIZE, Math.max(1, Number(query.get('PageSize') ?? DEFAULT_PAGE_SIZE) || 1));
  const page = Math.max(0, Number(query.get('Page') ?? 0) || 0);
  const found = calls.filter((call) => isWanted(call, query)).toReversed();
  const shown = found.slice(page * size, (page + 1) * size);
  const uriOf = (number: number): string => {
    const params = new URLSearchParams(query);
    params.set('PageSize', String(size));
    params.set('Page', String(number));
    return `${path}?${params.toString()}`;
  };
  return {
    first_page_uri: uriOf(0),
    next_page_uri: found.length > (page + 1) * size ? uriOf(page + 1) : null,
    previous_page_uri: page > 0 ? uriOf(page - 1) : null,
    uri: uriOf(page),
    page,
    page_size: size,
    start: page * size,
    end: Math.max(0, page * size + shown.length - 1),
    calls: shown.map(callResource),
  };
}

function isWanted(call: CarrierCall, query: URLSearchParams): boolean {
  const { from, to } = call.options;
  const day = new Date(call.startedEpochMs).toISOString().slice(0, 10);
  const is = (name: string, holds: (wanted: string) => boolean): boolean => {
    const wanted = query.get(name);
    return wanted === null || holds(wanted);
  };
  return (
    is('To', (wanted) => wanted === to) &&
    is('From', (wanted) => wanted === from) &&
    is('Status', (wanted) => wanted === call.status) &&
    is('StartTime', (wanted) => wanted.slice(0, 10) === day) &&
    is('StartTime>', (wanted) => day >= wanted.slice(0, 10)) &&
    is('StartTime<', (wanted) => day <= wanted.slice(0, 10))
  );
}

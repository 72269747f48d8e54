import { language } from '../text/text.js';

const NARROW_SPACE = '\u202f';
/** Making one takes longer than drawing fifty rows, so each is made when it is needed. */
function lazy<Format>(make: () => Format): () => Format {
  let made: Format | undefined;
  return () => (made ??= make());
}

const whole = lazy(() => new Intl.NumberFormat(language));
const tenths = lazy(() => new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 }));
const time = lazy(() => new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' }));
const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');

export function count(value: number): string {
  return whole().format(value);
}

/** A short time: `640 ms`, and from one second on `1.4 s`. */
export function shortTime(ms: number): string {
  return ms < 995 ? `${whole().format(Math.round(ms))}${NARROW_SPACE}ms` : seconds(ms);
}

/** Seconds with one decimal: `0.8 s`. */
export function seconds(ms: number): string {
  return `${tenths().format(ms / 1000)}${NARROW_SPACE}s`;
}

/** How long a call takes: `02:14`, `1:02:14`. */
export function duration(ms: number): string {
  const all = Math.max(0, ms) / 1000;
  const hours = Math.floor(all / 3600);
  const rest = `${two((all / 60) % 60)}:${two(all % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** A moment of a call: `0:14.2`. */
export function moment(ms: number): string {
  const all = Math.round(ms / 100) / 10;
  return `${Math.floor(all / 60)}:${two(all % 60)}${tenths()
    .format(((all * 10) % 10) / 10)
    .slice(-2)}`;
}

/** The time of day. */
export function timeOfDay(epochMs: number): string {
  return time().format(epochMs);
}

/** The end of a CallSid, which is how people tell calls apart. */
export function shortSid(callSid: string): string {
  return `…${callSid.slice(-6)}`;
}

const percents = lazy(() => new Intl.NumberFormat(language, { style: 'percent' }));
const megabytes = lazy(() => new Intl.NumberFormat(language, { style: 'unit', unit: 'megabyte' }));
const dayAndTime = lazy(() => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }));

/** A part of a whole, from 0 to 1: `40 %`. */
export function percent(share: number): string {
  return percents().format(share);
}

/** A size in megabytes of 1024 × 1024 bytes. */
export function size(bytes: number): string {
  return megabytes().format(Math.round(bytes / 1024 / 1024));
}

/** A day and the time of day. */
export function day(epochMs: number): string {
  return dayAndTime().format(epochMs);
}

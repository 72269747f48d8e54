import { z } from 'zod';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
type Day = (typeof DAYS)[number];

/** A span in minutes of the day. One that ends earlier than it begins runs past midnight. */
interface Span {
  fromMinute: number;
  untilMinute: number;
}

const SPAN = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;
const DAY_MS = 86_400_000;
const MINUTES_A_DAY = 1440;

const span = z.string().transform((text, context): Span => {
  const parts = SPAN.exec(text);
  const fromMinute = Number(parts?.[1]) * 60 + Number(parts?.[2]);
  const untilMinute = parts?.[3] === undefined ? MINUTES_A_DAY : Number(parts[3]) * 60 + Number(parts[4]);
  if (parts !== null && fromMinute !== untilMinute) return { fromMinute, untilMinute };
  context.addIssue({ code: 'custom', message: 'expected times like 09:00-17:30' });
  return z.NEVER;
});

const isoDate = z.iso.date({ error: 'expected a date like 2026-12-25' });

/** When agents answer. */
export const hoursSchema = z.strictObject({
  timezone: z.string().refine(isTimeZone, { error: 'expected a time zone like Europe/Berlin' }),
  /** A day without an entry is closed. */
  week: z.partialRecord(z.enum(DAYS), z.array(span)),
  closedOn: z.array(isoDate).default([]),
});

/** Opening hours in local time, so that they hold through changes of daylight saving. */
export class OpeningHours {
  private readonly week: Readonly<Partial<Record<Day, readonly Span[]>>>;
  private readonly closedOn: ReadonlySet<string>;
  private readonly wall: Intl.DateTimeFormat;

  constructor({ closedOn, timezone, week }: z.output<typeof hoursSchema>) {
    this.week = week;
    this.closedOn = new Set(closedOn);
    this.wall = new Intl.DateTimeFormat('en-CA', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
  }

  isOpen(epochMs: number): boolean {
    const parts = new Map(this.wall.formatToParts(epochMs).map(({ type, value }) => [type, value]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
    const minute = part('hour') * 60 + part('minute');
    const todayMs = Date.UTC(part('year'), part('month') - 1, part('day'));
    const isNow = ({ fromMinute, untilMinute }: Span): boolean =>
      minute >= fromMinute && (minute < untilMinute || untilMinute < fromMinute);
    const runsOn = ({ fromMinute, untilMinute }: Span): boolean => untilMinute < fromMinute && minute < untilMinute;
    return this.spansOn(todayMs).some(isNow) || this.spansOn(todayMs - DAY_MS).some(runsOn);
  }

  /** Returns the spans that begin on a calendar day. */
  private spansOn(dateMs: number): readonly Span[] {
    const date = new Date(dateMs);
    const day = DAYS[date.getUTCDay()];
    if (day === undefined || this.closedOn.has(date.toISOString().slice(0, 10))) return [];
    return this.week[day] ?? [];
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

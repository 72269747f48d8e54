/** Hours of the day in which calls may be made, on the clock of the person who is called. */
export interface Hours {
  from: number;
  /** 24 is midnight. */
  until: number;
}

const FORM = /^([01]\d|2[0-3]):00-(?:([01]\d|2[0-3]):00|24:00)$/;
/** Every time zone is a multiple of this off UTC. */
const STEP_MS = 15 * 60_000;
const MAX_STEPS = (49 * 60) / 15;

/** Parses `09:00-20:00`. `undefined` if it is no span of whole hours within a day. */
export function parseHours(text: string): Hours | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const hours = { from: Number(parts[1]), until: parts[2] === undefined ? 24 : Number(parts[2]) };
  return hours.from < hours.until ? hours : undefined;
}

/** Whether the name is that of a time zone (IANA). */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/**
 * Returns the time zone of a country, if every clock in it shows the same now. `undefined` if its clocks differ, or it is not
 * known which zones it has.
 */
export function zoneOf(country: string, epochMs: number): string | undefined {
  const zones = zonesOf(country);
  const clocks = new Set(zones.map((zone) => wallClock(zone).format(epochMs)));
  return clocks.size === 1 ? zones[0] : undefined;
}

/** Whether `hours` hold now in the zone. */
export function isWithin({ from, until }: Hours, zone: string, epochMs: number): boolean {
  const hour = Number(
    wallClock(zone)
      .formatToParts(epochMs)
      .find(({ type }) => type === 'hour')?.value,
  );
  return hour >= from && hour < until;
}

/** Returns the epoch milliseconds at which `hours` hold next in the zone. */
export function nextWithin(hours: Hours, zone: string, epochMs: number): number {
  let atMs = Math.floor(epochMs / STEP_MS) * STEP_MS;
  for (let step = 0; step < MAX_STEPS && !(atMs >= epochMs && isWithin(hours, zone, atMs)); step++) atMs += STEP_MS;
  return atMs;
}

/** Unicode's list of the zones of a country. Later engines have it as a method, and earlier ones as a property. */
function zonesOf(country: string): readonly string[] {
  const locale = new Intl.Locale(`und-${country}`) as Intl.Locale & {
    timeZones?: readonly string[];
    getTimeZones?: () => readonly string[] | undefined;
  };
  return locale.getTimeZones?.() ?? locale.timeZones ?? [];
}

function wallClock(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
}

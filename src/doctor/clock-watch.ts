import { type Finding, advice, fault, fine } from './finding.js';

/** A difference that is only the network's delay, or the whole seconds of the header. */
const TOLERATED_MS = 5000;
/** AWS refuses a signature that is five minutes old (Signature Version 4). */
const REFUSED_BY_AWS_MS = 240_000;

/** Compares this machine's clock with the `date` header of the services that were asked. */
export class ClockWatch {
  private readonly seen: { from: string; aheadMs: number }[] = [];

  /** `date`: the header of an answer that has just come. */
  note(from: string, date: string | null | undefined, epochMs: number): void {
    const theirsMs = Date.parse(date ?? '');
    if (!Number.isNaN(theirsMs)) this.seen.push({ from, aheadMs: epochMs - theirsMs });
  }

  /** Empty if no service told its time. */
  findings(): Finding[] {
    const [worst] = this.seen.toSorted((a, b) => Math.abs(b.aheadMs) - Math.abs(a.aheadMs));
    if (worst === undefined) return [];
    const seconds = Math.round(Math.abs(worst.aheadMs) / 1000);
    if (Math.abs(worst.aheadMs) < TOLERATED_MS)
      return [fine('clock', `This machine's clock agrees with that of ${worst.from}.`)];
    const text = `This machine's clock is ${seconds} s ${worst.aheadMs > 0 ? 'ahead of' : 'behind'} that of ${worst.from}. Let NTP set it ("timedatectl set-ntp true").`;
    return Math.abs(worst.aheadMs) < REFUSED_BY_AWS_MS
      ? [advice('clock', text)]
      : [
          fault(
            'clock',
            `${text} AWS refuses requests that are five minutes off, and tokens expire too early or late.`,
          ),
        ];
  }
}

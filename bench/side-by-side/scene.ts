import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { selfSigned } from '../../test/support/self-signed.js';
import { Load } from './load.js';
import { type Kind, SubjectProcess } from './subject.js';
import type { Report } from './tally.js';

/** Time for the JIT compiler and the heap to settle. */
export const WARM_UP_MS = 12_000;
/** Time for new calls to be greeted and to settle. */
export const SETTLE_MS = 3000;

export interface Measured {
  report: Report;
  cpuMsPerCallSecond: number;
  systemShare: number;
  pausesMs: readonly number[];
}

/** A load with its model, and the subjects that use it. */
export class Scene {
  readonly load: Load;
  readonly subjects: SubjectProcess[] = [];
  private readonly folder: string | undefined;

  private constructor(load: Load, folder: string | undefined) {
    this.load = load;
    this.folder = folder;
  }

  static async open(isTls: boolean): Promise<Scene> {
    if (!isTls) return new Scene(await Load.start(), undefined);
    const tls = selfSigned('127.0.0.1');
    const folder = mkdtempSync(join(tmpdir(), 'side-by-side-'));
    writeFileSync(join(folder, 'cert.pem'), tls.cert);
    return new Scene(await Load.start(tls), folder);
  }

  async start(kind: Kind): Promise<SubjectProcess> {
    const trusted = this.folder === undefined ? {} : { trusted: join(this.folder, 'cert.pem') };
    const subject = await SubjectProcess.start(kind, this.load.modelUrl, trusted);
    this.subjects.push(subject);
    return subject;
  }

  /** Starts all subjects and warms them up, then measures each of them once a round, in an order that turns. */
  async rounds(
    kinds: readonly Kind[],
    { calls, rounds, seconds }: { calls: number; rounds: number; seconds: number },
  ): Promise<Map<Kind, Measured>[]> {
    for (const kind of kinds) await this.start(kind);
    for (const subject of this.subjects) await this.measure(subject, calls, WARM_UP_MS / 1000);
    const all: Map<Kind, Measured>[] = [];
    for (let round = 0; round < rounds; round++) {
      const measured = new Map<Kind, Measured>();
      for (const subject of rotated(this.subjects, round))
        measured.set(subject.kind, await this.measure(subject, calls, seconds));
      all.push(measured);
    }
    return all;
  }

  /** Holds calls for `seconds` and hangs them up. */
  async measure(subject: SubjectProcess, calls: number, seconds: number): Promise<Measured> {
    await this.load.open(calls, subject.address);
    await sleep(SETTLE_MS);
    await this.load.reset();
    await subject.startCounting();
    await sleep(seconds * 1000);
    const { cpuMs, pausesMs, systemMs } = await subject.counted();
    const report = await this.load.report();
    await this.load.hangUp();
    await sleep(500);
    if (report.lost > 0) console.log(`${subject.kind}: ${report.lost} calls were closed`);
    return { report, cpuMsPerCallSecond: cpuMs / calls / seconds, systemShare: systemMs / cpuMs, pausesMs };
  }

  async close(): Promise<void> {
    for (const subject of this.subjects) await subject.stop();
    this.load.stop();
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true });
  }
}

/** Returns the CPU of a subject, each round's relative to that of the relay in the same round. */
export function ratiosOf(kind: Kind, rounds: readonly Map<Kind, Measured>[]): number[] {
  const cpuOf = (round: Map<Kind, Measured>, kind: Kind): number => round.get(kind)?.cpuMsPerCallSecond ?? Number.NaN;
  return rounds.map((round) => cpuOf(round, kind) / cpuOf(round, 'relay'));
}

function rotated<T>(values: readonly T[], by: number): T[] {
  const at = by % values.length;
  return [...values.slice(at), ...values.slice(0, at)];
}

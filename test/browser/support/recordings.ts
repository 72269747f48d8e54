import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeWav } from '../../../src/audio/wav.js';

const RATE_HZ = 8000;

export function silence(ms: number): Int16Array {
  return new Int16Array((RATE_HZ * ms) / 1000);
}

/** A tone in syllables, because a browser takes a steady one for noise. */
export function syllables(hz: number, ms: number): Int16Array {
  return Int16Array.from({ length: (RATE_HZ * ms) / 1000 }, (_, index) =>
    index % 2400 < 1600 ? Math.round(12_000 * Math.sin((2 * Math.PI * hz * index) / RATE_HZ)) : 0,
  );
}

/** Returns `parts` several times over. */
export function repeated(count: number, parts: readonly Int16Array[]): Int16Array[] {
  return Array.from({ length: count }, () => parts).flat();
}

/** WAV files for fake microphones and for dropping, in a folder of their own. */
export class Recordings {
  private readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Recordings> {
    return new Recordings(await mkdtemp(join(tmpdir(), 'tandem-recordings-')));
  }

  /** Returns the path of a file that has `parts` one after the other. */
  async write(name: string, parts: readonly Int16Array[]): Promise<string> {
    const path = join(this.folder, `${name}.wav`);
    const whole = Int16Array.from(parts.flatMap((part) => [...part]));
    await writeFile(path, writeWav([whole], RATE_HZ));
    return path;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

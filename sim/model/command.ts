import { isTandemError } from '../../src/base/errors.js';
import { useDotEnv } from '../../src/process/dot-env.js';
import { type SpeechEngine, openSpeechEngine } from '../../src/speech/engine.js';
import { type Ear, speechEar } from './ear.js';
import { type Voice, speechVoice } from './voice.js';

/** A mistake on the command line. Only its message is shown. */
export class UsageError extends Error {}

/** Runs a simulator's command. The exit code is 0, 2 for bad usage or a known error, and 1 for anything else. */
export function runCommand(main: () => Promise<void>): void {
  useDotEnv(process.env);
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      const isKnown = error instanceof UsageError || isTandemError(error);
      console.error(isKnown ? error.message : error);
      process.exit(isKnown ? 2 : 1);
    },
  );
}

/**
 * Starts a simulator, shows its introduction, and closes it when the user stops it. It understands and speaks, or with
 * `tones` does neither.
 */
export async function serveUntilStopped<Sim extends { close(): Promise<void> }>(options: {
  tones: boolean;
  start: (senses: { ear?: Ear; voice?: Voice }) => Promise<Sim>;
  introduction: (sim: Sim) => string;
}): Promise<void> {
  const engine: SpeechEngine | undefined = options.tones ? undefined : await openSpeechEngine();
  const senses = engine === undefined ? {} : { ear: speechEar(engine), voice: speechVoice(engine) };
  try {
    const sim = await options.start(senses).catch((error: unknown) => {
      throw new UsageError(`The simulator cannot start: ${(error as Error).message}. Try another port with --port.`);
    });
    console.log(options.introduction(sim));
    await new Promise<void>((resolve) => {
      // The listening socket keeps the process alive until then. npm may pass a signal on that the terminal has sent, too.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
    });
    await sim.close();
  } finally {
    await engine?.close();
  }
}

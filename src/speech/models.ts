import { createHash } from 'node:crypto';
import { access, constants, readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TandemError } from '../base/errors.js';

/** The path is relative to dist/src/speech. */
const VENDOR = fileURLToPath(new URL('../../../vendor/', import.meta.url));

export interface ModelFiles {
  encoder: string;
  decoder: string;
  tokens: string;
  voiceActivity: string;
}

/**
 * Returns the paths of the models. Vendored ones are compared with their checksums.
 * @param sttModel `tiny`, or a folder with a Moonshine model
 * @throws TandemError LOCAL_SPEECH_DAMAGED
 */
export async function findModels(sttModel: string): Promise<ModelFiles> {
  const isVendored = sttModel === 'tiny';
  const folder = isVendored ? join(VENDOR, 'moonshine-tiny') : isAbsolute(sttModel) ? sttModel : resolve(sttModel);
  if (isVendored) await verify(folder);
  await verify(join(VENDOR, 'silero-vad'));
  const [encoder, decoder, tokens] = ['encoder_model.onnx', 'decoder_model_merged.onnx', 'tokens.txt'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  // The runtime says only "Please check your config!" about a file that is not there.
  for (const file of [encoder, decoder, tokens]) await checkReadable(file, 'LOCAL_STT_MODEL');
  return { encoder, decoder, tokens, voiceActivity: join(VENDOR, 'silero-vad/silero_vad_v5.onnx') };
}

/** @throws TandemError LOCAL_SPEECH_DAMAGED */
export async function checkReadable(path: string, variable: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    throw new TandemError('LOCAL_SPEECH_DAMAGED', `${path}, which ${variable} needs, cannot be read.`, {
      cause: error,
    });
  }
}

async function verify(folder: string): Promise<void> {
  try {
    const sums = await readFile(join(folder, 'SHA256SUMS'), 'utf8');
    for (const line of sums.trim().split('\n')) {
      const [expected, name] = line.split(/\s+/) as [string, string];
      const actual = createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex');
      if (actual !== expected)
        throw new TandemError('LOCAL_SPEECH_DAMAGED', `${name} in ${folder} does not match its checksum.`);
    }
  } catch (error) {
    if (error instanceof TandemError) throw error;
    throw new TandemError('LOCAL_SPEECH_DAMAGED', `The model files in ${folder} cannot be read.`, { cause: error });
  }
}

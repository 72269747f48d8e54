import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
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
  return {
    encoder: join(folder, 'encoder_model.onnx'),
    decoder: join(folder, 'decoder_model_merged.onnx'),
    tokens: join(folder, 'tokens.txt'),
    voiceActivity: join(VENDOR, 'silero-vad/silero_vad_v5.onnx'),
  };
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

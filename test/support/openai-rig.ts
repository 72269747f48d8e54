import assert from 'node:assert/strict';
import type { OpenAiAnomaly } from '../../src/voice/openai/anomalies.js';
import { createOpenAiProvider, type OpenAiProviderOptions } from '../../src/voice/openai/provider.js';
import { type OpenReady, type ServiceRig, withService } from './played-service.js';

// For tests of the provider of OpenAI Realtime, with a service that the test plays.

export interface OpenAiRig extends ServiceRig {
  anomalies: OpenAiAnomaly[];
  ready: OpenReady;
}

/** Runs `test`, which plays the service, then closes everything and checks for leaks. */
export function withOpenAi(
  test: (rig: OpenAiRig) => Promise<void>,
  options: Partial<OpenAiProviderOptions> = {},
): Promise<void> {
  const anomalies: OpenAiAnomaly[] = [];
  return withService(
    (parts) =>
      createOpenAiProvider({
        ...parts,
        model: 'gpt-realtime-2.1',
        voice: 'marin',
        transcriptionModel: 'gpt-transcribe',
        onAnomaly: (kind) => anomalies.push(kind),
        ...options,
      }),
    (rig) => {
      const { open, recorder, service } = rig;
      const ready: OpenReady = async (change) => {
        const session = open(change);
        await recorder.nth('ready');
        const connection = await service.connected();
        await connection.next('session.update');
        return { session, connection };
      };
      return test({ ...rig, anomalies, ready });
    },
  );
}

/** Waits for the session to fail, and checks that its error shows nothing of the service. */
export async function failure(rig: OpenAiRig): Promise<{ code: string; message: string }> {
  const { code, message } = (await rig.recorder.nth('failed')).error;
  assert.equal(rig.recorder.types.at(-1), 'failed');
  assert.doesNotMatch(message, /secret|words of the service/);
  return { code, message };
}

import { HubSpotSim } from '../../sim/hubspot/server.js';
import { demoBrain } from '../../sim/model/demo-brain.js';
import { loudnessEar } from '../../sim/model/ear.js';
import type { PlannedFault } from '../../sim/model/faults.js';
import { toneVoice } from '../../sim/model/voice.js';
import { SIMULATED_CREDENTIALS, startNovaSim } from '../../sim/nova/nova-sim.js';
import { startOpenAiSim } from '../../sim/openai/server.js';
import { systemClock } from '../../src/base/clock.js';
import { Hearing } from './model-rig.js';
import { type Rig, startRig } from './rig.js';
import { ORDER_STATUS } from './traced-call.js';
import type { CarrierCall } from '../../sim/twilio/carrier-call.js';

export interface Observed extends Rig {
  place: () => { call: CarrierCall; hearing: Hearing };
}

/**
 * For pictures of what is watched: a gateway with OpenAI's model and Nova behind it, both simulated on their protocols, in real
 * time. `says` returns what the next utterance of a caller means. `faults` are those of OpenAI's sessions.
 */
export async function startObserved(options: {
  says: () => string;
  faults: readonly PlannedFault[];
  env?: Record<string, string>;
}): Promise<Observed> {
  const common = {
    clock: systemClock,
    ear: loudnessEar({ texts: options.says }),
    voice: toneVoice(),
    brain: demoBrain,
  };
  const openai = await startOpenAiSim({ ...common, faults: options.faults });
  const nova = await startNovaSim(common);
  const hubspot = await new HubSpotSim({ clock: systemClock, keys: ['pat-na1-simulated'] }).start();
  process.env['AWS_ACCESS_KEY_ID'] = SIMULATED_CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = SIMULATED_CREDENTIALS.secretAccessKey;
  const rig = await startRig({
    isConfigured: true,
    clock: systemClock,
    tools: [ORDER_STATUS],
    env: {
      VOICE_PROVIDER: 'openai',
      VOICE_FALLBACK: 'nova',
      OPENAI_API_KEY: 'sk-simulated',
      OPENAI_BASE_URL: openai.url,
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: nova.url,
      ENABLE_HUBSPOT: 'true',
      HUBSPOT_BASE_URL: hubspot.url,
      HUBSPOT_ACCESS_TOKEN: 'pat-na1-simulated',
      LOG_LEVEL: 'warn',
      ...options.env,
    },
  });
  return {
    ...rig,
    place: () => {
      const call = rig.call();
      return { call, hearing: new Hearing(call) };
    },
    close: async () => {
      await rig.close();
      await openai.close();
      await nova.close();
      await hubspot.close();
    },
  };
}

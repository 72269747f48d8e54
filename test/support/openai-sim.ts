import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { toneVoice } from '../../sim/model/voice.js';
import { type OpenAiSimOptions, startOpenAiSim } from '../../sim/openai/server.js';
import { FakeClock } from './fake-clock.js';
import { RealtimeClient, type TelephoneSession } from './realtime-client.js';

// For tests of the simulated OpenAI: the simulator on a fake clock.

/** One second of silence, mu-law. */
export const SILENCE = new Uint8Array(8000).fill(0xff);

/** Resolves with mu-law that a simulated model's ear takes for speech. */
export function sound(durationMs: number): Promise<Uint8Array> {
  return toneVoice().speak('', { durationMs });
}

/** Starts the simulator. After the test it is closed, and no timer may be left. */
export async function startSim(t: TestContext, options: OpenAiSimOptions = {}) {
  const clock = new FakeClock();
  const sim = await startOpenAiSim({ clock, ...options });
  t.after(async () => {
    await sim.close();
    assert.equal(clock.timers, 0, 'a timer is left behind');
  });
  return {
    clock,
    sim,
    port: sim.port,
    /** Connects a client whose session has mu-law both ways and no turn detection, unless `session` says otherwise. */
    telephone: (session?: TelephoneSession) => RealtimeClient.telephone(sim.port, session),
  };
}

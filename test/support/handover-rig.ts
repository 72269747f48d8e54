import assert from 'node:assert/strict';
import { Scene } from './handover-scene.js';
import { LossyFront } from './lossy-front.js';
import { type Rig, startRig } from './rig.js';
import { scaledClock } from './scaled-clock.js';

// For tests of the handover: a gateway on a fast clock with everything that it needs, and scenes played in it.

export const SPEED = 30;

export type Options = NonNullable<Parameters<typeof startRig>[0]>;

export async function withRig(options: Options, body: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await startRig({ clock: scaledClock(SPEED), ...options });
  try {
    await body(rig);
    const written = rig.log();
    assert.doesNotMatch(written, /human agent|\d{10}#|"text":"[^[]/, 'no words and no digits in the log');
  } finally {
    await rig.close();
  }
}

/** Runs `body` with a rig whose carrier reaches the gateway through a proxy that loses and repeats requests. */
export async function withFront(options: Options, body: (rig: Rig, front: LossyFront) => Promise<void>): Promise<void> {
  let base = '';
  const front = await new LossyFront(() => base).start();
  try {
    await withRig({ ...options, carrier: { ...options.carrier, resolve: () => front.base } }, async (rig) => {
      ({ base } = rig);
      await body(rig, front);
    });
  } finally {
    await front.close();
  }
}

/** Checks one line of the metrics, like `gateway_handovers_total{outcome="busy"} 1`. */
export async function counted(rig: Rig, line: string): Promise<void> {
  const text = await rig.running.metrics.text();
  const [name = ''] = line.split('{');
  assert.ok(text.split('\n').includes(line), `${line} among ${text.match(new RegExp(`^${name}.*`, 'gm'))?.join(' ')}`);
}

export const scene = (rig: Rig, from?: string, options?: Parameters<Rig['call']>[1]): Promise<Scene> =>
  new Scene(rig, from, options).asksForHuman();

/** Plays one handover slowly, because the first of a process takes long, and the write of its record has 3 s of the clock. */
export async function warmUp(): Promise<void> {
  await withRig({ clock: scaledClock(3) }, async (rig) => {
    const one = await scene(rig);
    await one.call.whenEnded();
  });
}

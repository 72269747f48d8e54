import assert from 'node:assert/strict';
import { EventReceiver, type ReceivedEvent } from '../../sim/hooks/event-receiver.js';
import { type Rig, startRig } from './rig.js';
import { scaledClock } from './scaled-clock.js';

// For tests of what the operator's systems are told of calls.

const SPEED = 30;
export const EVENTS_SECRET = 'events-secret-0123456789';

export type RigOptions = NonNullable<Parameters<typeof startRig>[0]>;

export const eventSettings = (url: string): Record<string, string> => ({
  CALL_EVENTS_URL: url,
  CALL_EVENTS_SECRET: EVENTS_SECRET,
});

/** Runs `body` with a gateway and a receiver, then checks that the receiver had nothing to refuse. */
export async function withReceiver<Started extends Rig = Rig>(
  options: RigOptions,
  body: (rig: Started, receiver: EventReceiver) => Promise<void>,
  start: (options: RigOptions) => Promise<Started> = startRig as (options: RigOptions) => Promise<Started>,
): Promise<void> {
  const clock = options.clock ?? scaledClock(SPEED);
  const receiver = await new EventReceiver({ secret: EVENTS_SECRET, clock }).start();
  const rig = await start({ ...options, clock, env: { ...eventSettings(receiver.url), ...options.env } });
  try {
    await body(rig, receiver);
    assert.deepEqual(receiver.refusals, [], 'every event is signed and of the form of the guide');
  } finally {
    await rig.close();
    await receiver.close();
  }
}

export const typesOf = (events: readonly ReceivedEvent[]): string[] => events.map(({ type }) => type);
export const hasEnd = ({ events }: EventReceiver): boolean => events.some(({ type }) => type === 'call.ended');

/** Waits until a metric has this value. It is counted a moment after the receiver has answered. */
export async function counts(rig: Rig, name: string, value: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const lines = (await rig.running.metrics.text()).split('\n');
    if (lines.includes(`${name} ${value}`)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const text = await rig.running.metrics.text();
  const found = text.match(new RegExp(`^${name.split('{')[0]}.*`, 'gm'))?.join(' ');
  assert.fail(`${name} is not ${value}: ${found}`);
}

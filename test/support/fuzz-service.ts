import assert from 'node:assert/strict';
import { once } from 'node:events';
import fc from 'fast-check';
import type { VoiceSession } from '../../src/voice/session.js';
import { fuzz, mangled } from './fuzz.js';
import type { ServiceConnection } from './openai-service.js';
import type { ServiceRig } from './played-service.js';
import { until } from './rig.js';

// For tests with random input: sequences of a service's messages and of pauses, each to a session of its own.

/**
 * Checks that no sequence makes a session throw, emit anything after its end, or leave a timer. `begin`: what the service sends
 * first. `hear`: sends the session audio of the caller, before each pause.
 */
export async function fuzzService(
  { anomalies, clock, open, recorder, service }: ServiceRig & { anomalies: readonly string[] },
  events: fc.Arbitrary<unknown>,
  options: {
    begin?: (connection: ServiceConnection) => void;
    hear: (session: VoiceSession) => void;
    runs: number;
  },
): Promise<void> {
  const { begin, hear, runs } = options;
  const steps = fc.array(fc.oneof({ weight: 8, arbitrary: mangled(events) }, fc.constantFrom(0, 700, 9000)), {
    maxLength: 14,
  });
  await fuzz(
    steps,
    async (sequence) => {
      const first = recorder.events.length;
      const known = service.connections.length;
      const session = open({ greeting: 'Welcome.', tools: [{ name: 'look_up', description: '', parameters: {} }] });
      await until(() => service.connections.length > known, 'the session connects');
      const connection = service.connections.at(-1);
      assert.ok(connection !== undefined);
      begin?.(connection);
      for (const step of sequence) {
        if (typeof step === 'string') {
          connection.send(step);
          continue;
        }
        hear(session);
        clock.advance(step);
      }
      const { socket } = connection;
      // The session has read everything once it answers a ping, unless it has failed meanwhile.
      if (socket.readyState === socket.OPEN) {
        socket.ping();
        await Promise.race([once(socket, 'pong'), once(socket, 'close')]);
      }
      clock.advance(20_000);
      session.close();
      const types = recorder.events.slice(first).map(({ type }) => type);
      const end = types.findIndex((type) => type === 'failed' || type === 'ended');
      assert.ok(end < 0 || end === types.length - 1, types.join());
      clock.advance(20_000);
      assert.ok(!anomalies.includes('event-failed'), 'an event made the session throw');
      assert.equal(clock.timers, 0, 'a timer is left behind');
      assert.equal(recorder.events.length, first + types.length, 'a closed session emits nothing');
    },
    { runs },
  );
}

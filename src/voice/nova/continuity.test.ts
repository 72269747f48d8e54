import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { type BrainFactory, scriptedBrain, speak } from '../../../sim/model/script.js';
import { loudnessEar } from '../../../sim/model/ear.js';
import { type NovaSim, SIMULATED_CREDENTIALS } from '../../../sim/nova/nova-sim.js';
import { FakeClock } from '../../../test/support/fake-clock.js';
import { NovaCall, type NovaRig, withNova } from '../../../test/support/nova-rig.js';
import { until } from '../../../test/support/rig.js';
import { scaledClock } from '../../../test/support/scaled-clock.js';
import { ContinuousProvider } from '../continuity/provider.js';
import type { Clock } from '../../base/clock.js';
import type { Turn } from '../history.js';
import type { NovaProviderOptions } from './provider.js';

/** Opens a call whose sessions follow one another, and returns what is reported of them. */
function continuous(
  { provider }: NovaRig,
  { clock = scaledClock(10), ...options }: { clock?: Clock; greeting?: undefined } = {},
): { call: NovaCall; log: string[] } {
  const log: string[] = [];
  const calls = new ContinuousProvider({
    providers: [provider],
    clock,
    lines: { takenOver: 'Sorry, I lost you.', oneMoment: 'One moment.' },
    speakLine: () => Promise.resolve(undefined),
    report: {
      onLost: (_, { code }) => log.push(code),
      onRenewed: () => log.push('renewed'),
      onFailover: (_, to) => log.push(to),
    },
  });
  const turns: Turn[] = [];
  const call = new NovaCall(calls, { conversation: { turns, isPlaying: false }, ...options });
  call.onEvent = (event) => {
    if (event.type !== 'caller-text') return;
    turns.push({ speaker: 'caller', text: event.text, itemId: event.itemId, interrupted: false });
  };
  return { call, log };
}

/** Stands before the service. Of the connections, the one with the number `holds` is accepted and leads nowhere. */
async function holdingFront(target: () => string, holds: number): Promise<{ url: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => socket.destroy()));
    if (++count === holds) return void socket.pause();
    const { hostname, port } = new URL(target());
    const further = connect(Number(port), hostname);
    sockets.add(further.on('error', () => socket.destroy()).on('close', () => socket.destroy()));
    socket.on('close', () => further.destroy());
    socket.pipe(further).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

interface CredentialsRig {
  clock: FakeClock;
  sim: NovaSim;
  call: NovaCall;
  log: string[];
  /** Moves time while the current session hears the silence of the line. */
  pass: (ms: number) => Promise<void>;
}

/** Runs a call in which nobody speaks, with credentials that end, and others from then on. They say that they end later. */
async function withCredentials(
  { endMs, saidEndMs }: { endMs: number; saidEndMs: number },
  use: (rig: CredentialsRig) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock();
  const at = (ms: number): Date => new Date(Date.UTC(2026, 0, 1) + ms);
  const old = { ...SIMULATED_CREDENTIALS, sessionToken: 'old' };
  const next = { ...SIMULATED_CREDENTIALS, sessionToken: 'next' };
  const sim = { clock, credentials: [{ ...old, expiration: at(endMs) }, next] };
  // The SDK asks each time, because by its own clock both have ended.
  const credentials: NonNullable<NovaProviderOptions['credentials']> = () =>
    Promise.resolve(
      clock.now() < endMs / 2 ? { ...old, expiration: at(saidEndMs) } : { ...next, expiration: at(saidEndMs * 2) },
    );
  await withNova({ clock, sim, provider: { credentials } }, async (rig) => {
    const { call, log } = continuous(rig, { clock, greeting: undefined });
    const pass = async (ms: number): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += 2000) {
        const session = rig.sim.sessions.at(-1);
        const heardMs = session?.audio.durationMs ?? 0;
        clock.advance(2000);
        await until(() => session?.end !== undefined || (session?.audio.durationMs ?? 0) > heardMs + 1000, 'the line');
      }
    };
    await until(() => call.of('ready').length === 1, 'the first session');
    await use({ clock, sim: rig.sim, call, log, pass });
  });
}

describe('a call over several sessions with Nova', () => {
  for (const headers of ['at-once', 'with-first-output'] as const) {
    it(`a Nova session is renewed in a pause if the service sends its response ${headers}`, async () => {
      const sim = {
        headers,
        brain: scriptedBrain(['Welcome.', 'At nine.']),
        ear: loudnessEar({ texts: () => 'When do you open?' }),
      };
      await withNova({ sim, provider: { renewAfterMs: 2500 } }, async (rig) => {
        const { call, log } = continuous(rig);
        await call.response(1);
        await until(() => log.length > 0, 'the renewal');
        assert.deepEqual(log, ['renewed']);
        call.speak(600);
        call.pause(2200);
        await call.response(2);
        assert.equal(rig.seen(1).turns.length, 1);
        call.session.close();
      });
    });
  }

  // In a pause Nova may send nothing at all, not even the head of its response. So a renewal is believed after a while, and the
  // truth may come later.
  for (const [what, faults, lost, told] of [
    [
      'never answers',
      [{ when: { at: 'connect' }, fault: { type: 'silent' }, session: 2 }],
      'VOICE_STALLED',
      ['Sorry, I lost you.'],
    ],
    [
      'refuses late',
      [
        {
          when: { at: 'session', ms: 3000 },
          fault: { type: 'exception', exception: 'throttlingException' },
          session: 2,
        },
      ],
      'VOICE_THROTTLED',
      // The caller was silent, and notices nothing.
      [],
    ],
  ] as const) {
    it(`a renewal towards a Nova that ${what} costs the caller one reconnect, and the question is answered`, async () => {
      const brain: BrainFactory = () => ({
        decide: ({ type }, { instructions }) =>
          type === 'spoken' ? [speak('At nine.')] : [speak(/"(.*)"$/.exec(instructions)?.[1] ?? '')],
      });
      const ear = loudnessEar({ texts: () => 'When do you open?' });
      const sim = { headers: 'with-first-output', faults, brain, ear } as const;
      await withNova({ sim, provider: { renewAfterMs: 2500 } }, async (rig) => {
        const { call, log } = continuous(rig);
        await call.response(1);
        await until(() => log.length === (told.length === 0 ? 2 : 1), 'the renewal');
        call.speak(600);
        call.pause(2200);
        await until(() => call.said().includes('At nine.'), 'the answer');
        assert.deepEqual(log, ['renewed', lost]);
        assert.deepEqual(call.said(), ['Welcome.', ...told, 'At nine.']);
        assert.deepEqual(call.of('failed'), []);
        call.session.close();
      });
    });
  }

  it('a Nova session talks on while the service takes no connection for the next one', async () => {
    const brain: BrainFactory = () => ({
      decide: ({ type }, { instructions }) =>
        type === 'spoken' ? [speak('At nine.')] : [speak(/"(.*)"$/.exec(instructions)?.[1] ?? '')],
    });
    const ear = loudnessEar({ texts: () => 'When do you open?' });
    const sim = { headers: 'with-first-output', brain, ear } as const;
    let target = '';
    const front = await holdingFront(() => target, 2);
    try {
      await withNova({ sim, provider: { renewAfterMs: 2500, endpointUrl: front.url } }, async (rig) => {
        target = rig.sim.url;
        const { call, log } = continuous(rig);
        await call.response(1);
        await until(() => log.length === 1, 'the renewal that fails');
        assert.deepEqual(log, ['VOICE_STALLED']);
        call.speak(600);
        call.pause(2200);
        await until(() => call.said().includes('At nine.'), 'the answer');
        await until(() => log.length === 2, 'the renewal');
        assert.deepEqual(log, ['VOICE_STALLED', 'renewed']);
        assert.deepEqual(call.said(), ['Welcome.', 'At nine.']);
        assert.deepEqual(call.of('failed'), []);
        call.session.close();
      });
    } finally {
      await front.close();
    }
  });

  it('a call continues in a new session when Nova refuses an input in one that has spoken', async () => {
    const fault = { type: 'exception', exception: 'validationException' } as const;
    const sim = {
      faults: [{ when: { at: 'turn', turn: 2 }, fault, session: 1 }],
      brain: scriptedBrain(['Welcome.', 'At nine.']),
      ear: loudnessEar({ texts: () => 'When do you open?' }),
    } as const;
    await withNova({ sim }, async (rig) => {
      const { call, log } = continuous(rig);
      await call.response(1);
      call.speak(600);
      call.pause(2200);
      await until(() => rig.sim.sessions[1]?.turns.length === 1, 'the answer of the next session');
      assert.deepEqual(log, ['VOICE_PROTOCOL']);
      assert.deepEqual(call.of('failed'), []);
      call.session.close();
    });
  });

  it('a Nova session makes way for one with new credentials before its own end', async () => {
    await withCredentials({ endMs: 300_000, saidEndMs: 300_000 }, async ({ call, log, pass, sim }) => {
      await pass(180_000);
      await until(() => sim.sessions[0]?.end !== undefined, 'the end of the first session');
      await pass(130_000);
      assert.deepEqual(log, ['renewed']);
      assert.deepEqual(
        sim.sessions.map(({ end }) => end?.type),
        ['orderly', undefined],
      );
      call.session.close();
    });
  });

  it('a call continues in a new session when the credentials of its session end before their time', async () => {
    await withCredentials({ endMs: 60_000, saidEndMs: 3_600_000 }, async ({ call, clock, log, pass, sim }) => {
      await pass(60_000);
      await until(() => log.length > 0, 'the end of the session');
      clock.advance(0);
      await until(() => sim.sessions.length === 2, 'the next session');
      await pass(60_000);
      assert.deepEqual(log, ['VOICE_EXPIRED']);
      assert.deepEqual(
        sim.sessions.map(({ end }) => end?.type),
        ['exception', undefined],
      );
      assert.deepEqual(call.of('failed'), []);
      call.session.close();
    });
  });

  it('a caller who speaks for long while Nova owes its greeting is greeted by the next session', async () => {
    const sim = {
      faults: [{ when: { at: 'turn', turn: 1 }, fault: { type: 'stall' }, session: 1 }],
      brain: scriptedBrain(['Welcome.', 'At nine.']),
      ear: loudnessEar({ texts: () => 'When do you open?' }),
    } as const;
    await withNova({ sim }, async (rig) => {
      const { call, log } = continuous(rig);
      await until(() => call.of('ready').length === 1, 'the first session');
      call.speak(9000);
      call.pause(2500);
      await until(() => call.said().length > 0, 'the greeting');
      assert.equal(call.said()[0], 'Welcome.');
      assert.deepEqual(log, ['VOICE_STALLED']);
      assert.deepEqual(rig.seen(1).unheardTexts, []);
      call.session.close();
    });
  });
});

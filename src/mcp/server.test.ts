import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { McpServer as OfficialServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';
import { McpHttpServer, type McpHttpOptions } from '../../sim/mcp/http-server.js';
import { DEFAULT_TOOLS } from '../../sim/mcp/tools.js';
import { within } from '../../test/support/deadline.js';
import { FakeClock } from '../../test/support/fake-clock.js';
import { McpProgram } from '../../test/support/mcp-program.js';
import { until } from '../../test/support/rig.js';
import { scaledClock } from '../../test/support/scaled-clock.js';
import { waitingClock } from '../../test/support/waiting-clock.js';
import type { Clock } from '../base/clock.js';
import { createLogger } from '../telemetry/log.js';
import { loadSdk } from './sdk.js';
import { McpServer } from './server.js';
import type { McpAddress } from './servers-file.js';

const newClient = await loadSdk('1');
const ORDER = { number: '4711' };
const SETTINGS = {
  name: 'shop',
  allowed: undefined,
  timeoutMs: 10_000,
  maxResultChars: 4000,
  filler: undefined,
  assistants: undefined,
};

interface Opened {
  server: McpServer;
  ups: boolean[];
  log: () => string;
}

function open(address: McpAddress, clock: Clock, env: Record<string, string> = {}): Opened {
  const lines: string[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const ups: boolean[] = [];
  const server = new McpServer({
    settings: { ...SETTINGS, address },
    newClient,
    env,
    isTaken: () => false,
    clock,
    log: createLogger({ level: 'trace', destination }),
    onUp: (isUp) => ups.push(isUp),
  });
  return { server, ups, log: () => lines.join('') };
}

async function overHttp(
  body: (opened: Opened & { sim: McpHttpServer; clock: FakeClock }) => Promise<void>,
  options: Partial<McpHttpOptions> & { headers?: Record<string, string> } = {},
): Promise<void> {
  const clock = new FakeClock();
  const sim = await new McpHttpServer({ clock: waitingClock, ...options }).start();
  const opened = open({ by: 'http', url: sim.url, headers: options.headers ?? {} }, clock);
  try {
    await body({ ...opened, sim, clock });
  } finally {
    await opened.server.close();
    assert.equal(clock.timers, 0, 'no timer is left');
    await sim.close();
  }
}

async function overStdio(
  options: readonly string[],
  body: (opened: Opened & { program: McpProgram }) => Promise<void>,
  clock: Clock = waitingClock,
): Promise<void> {
  const program = new McpProgram(...options);
  const { args, command } = program;
  const address: McpAddress = { by: 'stdio', command, args, env: { OWN_KEY: 'own' }, folder: '/' };
  const opened = open(address, clock, { PATH: '/usr/bin', TWILIO_AUTH_TOKEN: 'gateway-secret' });
  try {
    await body({ ...opened, program });
  } finally {
    await opened.server.close();
    try {
      assert.equal(program.lives, false, 'no program is left');
      assert.doesNotMatch(opened.log(), /gateway-secret/);
    } finally {
      program.dispose();
    }
  }
}

const names = ({ offer }: McpServer): string[] => offer.offered.map(({ name }) => name);
const find = (server: McpServer, signal = new AbortController().signal): Promise<Record<string, unknown>> =>
  within(server.call('find_order', ORDER, signal), 'the end of the call');

for (const answersWith of ['json', 'events'] as const) {
  test(`the tools of a server over HTTP are listed and called, with ${answersWith}`, async () => {
    await overHttp(
      async ({ log, server, sim, ups }) => {
        await server.start();
        assert.deepEqual([server.isUp, ups], [true, [true]]);
        assert.deepEqual(names(server), ['shop_find_order', 'shop_list_branches']);
        assert.match(JSON.stringify(await find(server)), /handed to the carrier/);
        assert.deepEqual(sim.state.calls, [{ name: 'find_order', arguments: ORDER }]);
        assert.deepEqual(sim.state.problems, []);
        assert.match(log(), /"mcp_server":"shop","tools":2,"msg":"an MCP server is connected"/);
        await server.close();
        await until(() => sim.ended === 1, 'the end of the session');
      },
      { answersWith, pageSize: 1 },
    );
  });
}

test('the secrets of a server go to it and nowhere else', async () => {
  await overHttp(
    async ({ log, server }) => {
      await server.start();
      assert.equal(server.isUp, true);
      assert.doesNotMatch(log(), /deep-secret/);
    },
    { token: 'deep-secret', headers: { authorization: 'Bearer deep-secret' } },
  );
  await overHttp(
    async ({ log, server }) => {
      await server.start();
      assert.deepEqual([server.isUp, server.failure], [false, 'refused']);
      assert.doesNotMatch(log(), /wrong-secret/);
    },
    { token: 'deep-secret', headers: { authorization: 'Bearer wrong-secret' } },
  );
});

test('a server that is away at the start costs one line, and is tried again with growing delays until it is there', async () => {
  await overHttp(async ({ clock, log, server, sim, ups }) => {
    const { port } = sim;
    await sim.close();
    await server.start();
    assert.deepEqual([server.isUp, server.failure, names(server)], [false, 'unreachable', []]);
    for (const delayMs of [1000, 2000, 5000, 10_000]) {
      clock.advance(delayMs - 1);
      assert.equal(server.standing, 'waiting');
      clock.advance(1);
      assert.equal(server.standing, 'connecting');
      await until(() => server.standing === 'waiting', 'the next try is over');
    }
    await assert.rejects(find(server), { kind: 'unreachable' });
    await sim.start(port);
    clock.advance(30_000);
    await until(() => server.isUp, 'the server is back');
    assert.deepEqual([ups, names(server).length], [[true], 2]);
    assert.equal(log().match(/cannot be used/g)?.length, 1);
  });
});

test('a server over HTTP that dies in the middle of a call fails the call at once, and is connected again', async () => {
  for (const answersWith of ['json', 'events'] as const) {
    await overHttp(
      async ({ clock, server, sim, ups }) => {
        await server.start();
        sim.plan({ type: 'die' });
        await assert.rejects(find(server), (error) => /ended|unreachable/.test(String(error)));
        await until(() => !server.isUp, 'the loss is known');
        clock.advance(1000);
        await until(() => server.isUp, 'the server is back');
        assert.deepEqual(ups, [true, false, true]);
        assert.match(JSON.stringify(await find(server)), /handed to the carrier/);
        assert.equal(sim.state.calls.length, 1, 'the call that was lost is not repeated');
      },
      { answersWith },
    );
  }
});

test('a server that is gone for good is noticed without a call, by its stream and by a question', async () => {
  await overHttp(async ({ clock, server, sim }) => {
    await server.start();
    await until(() => sim.isListenedTo, 'the stream');
    await sim.close();
    await until(() => clock.timers === 2, 'the wait for the stream');
    clock.advance(1000);
    await until(() => !server.isUp, 'the loss is known');
  });
  await overHttp(
    async ({ clock, server, sim }) => {
      await server.start();
      sim.plan({ type: 'hang' }, 1, 'ping');
      clock.advance(30_000);
      await until(() => clock.timers === 1, 'the question');
      clock.advance(10_000);
      await until(() => !server.isUp, 'the loss is known');
      assert.equal(server.failure, 'late');
    },
    { hasOwnStream: false },
  );
});

test('a server that has forgotten the session gets a new one, and the call that found it is made again', async () => {
  await overHttp(async ({ log, server, sim, ups }) => {
    await server.start();
    await until(() => sim.isListenedTo, 'the stream');
    sim.plan({ type: 'forget' });
    assert.match(JSON.stringify(await find(server)), /handed to the carrier/);
    assert.deepEqual([sim.begun, sim.state.calls.length, ups], [2, 1, [true, false, true]]);
    assert.doesNotMatch(log(), /cannot be used/);
  });
});

test('a call that is over is cancelled at the server, and its late answer is dropped', async () => {
  await overHttp(async ({ server, sim }) => {
    await server.start();
    sim.plan({ type: 'hang' });
    const abort = new AbortController();
    const call = find(server, abort.signal);
    await until(() => sim.state.calls.length === 1, 'the call');
    abort.abort();
    await assert.rejects(call, { kind: 'late' });
    await until(() => sim.state.cancelled.length === 1, 'the cancellation');
    assert.equal(server.isUp, true);
    assert.match(JSON.stringify(await find(server)), /handed to the carrier/);
    assert.deepEqual(sim.state.problems, []);
  });
});

test('tools that a server changes are read again when it says so', async () => {
  await overHttp(async ({ clock, server, sim }) => {
    await server.start();
    await until(() => sim.isListenedTo, 'the stream');
    const changed = { name: 'cancel_order', inputSchema: { type: 'object' } };
    for (let times = 0; times < 20; times++) sim.change([...DEFAULT_TOOLS, changed]);
    await until(() => clock.timers === 2, 'the notification');
    clock.advance(500);
    await until(() => names(server).includes('shop_cancel_order'), 'the new tool');
  });
});

test('a redirect is not followed, because the request has secrets', async () => {
  await overHttp(async ({ server, sim }) => {
    await server.start();
    sim.plan({ type: 'redirect' });
    await assert.rejects(find(server), { kind: 'redirect' });
    assert.equal(sim.followed, 0);
    assert.equal(server.isUp, true);
  });
});

test('an answer over HTTP that is no answer fails its call, whatever it is', async () => {
  for (const answersWith of ['json', 'events'] as const) {
    await overHttp(
      async ({ clock, server, sim }) => {
        await server.start();
        for (const [fault, kind] of [
          [{ type: 'huge', characters: 50_000_000 }, /too_large/],
          [{ type: 'status', status: 400 }, /status/],
          [{ type: 'garbage' }, /unreadable|ended/],
          [{ type: 'refuse' }, /The order is locked/],
        ] as const) {
          sim.plan(fault);
          await assert.rejects(find(server), kind, fault.type);
          // A lost link is known in the next turn of the event loop.
          await new Promise((resolve) => setTimeout(resolve, 1));
          await until(() => {
            if (server.standing === 'waiting') clock.advance(1000);
            return server.isUp;
          }, 'the server is there');
        }
        assert.match(JSON.stringify(await find(server)), /handed to the carrier/);
      },
      { answersWith },
    );
  }
});

test('a server that answers 5xx is lost until it answers again', async () => {
  await overHttp(async ({ clock, server, sim }) => {
    await server.start();
    sim.plan({ type: 'status', status: 503 });
    await assert.rejects(find(server), { kind: 'status' });
    await until(() => !server.isUp, 'the loss is known');
    clock.advance(1000);
    await until(() => server.isUp, 'the server is back');
  });
});

test('a server that never answers initialize is given up in time', async () => {
  await overHttp(async ({ clock, server, sim }) => {
    sim.plan({ type: 'hang' }, 1, 'initialize');
    const started = server.start();
    await until(() => sim.begun === 1, 'the request');
    clock.advance(10_000);
    await within(started, 'the end of the try');
    assert.equal(server.failure, 'late');
  });
});

describe('a server that the gateway runs', () => {
  test('the tools of a program are listed and called, and it ends with the gateway', async () => {
    await overStdio(['--greeting', 'Hello from SECRET-WORDS'], async ({ log, program, server }) => {
      await server.start();
      assert.deepEqual(names(server), ['shop_find_order', 'shop_list_branches']);
      assert.match(JSON.stringify(await find(server)), /handed to the carrier/);
      // Neither its standard error nor what it prints beside the protocol is logged.
      assert.doesNotMatch(log(), /SECRET-WORDS/);
      await server.close();
      assert.ok(program.events.includes('input ended'), program.events.join('\n'));
      assert.ok(!program.events.some((event) => event.startsWith('problem')));
    });
  });

  test('a program finds nothing of the settings of the gateway in its environment', async () => {
    await overStdio([], async ({ program, server }) => {
      await server.start();
      const [started = ''] = program.events;
      const found = started.split(' ')[2]?.split(',') ?? [];
      assert.deepEqual(
        found.filter((name) => !name.startsWith('__')),
        ['OWN_KEY', 'PATH'],
      );
    });
  });

  test('a program that dies in the middle of a call fails the call at once, and is started again with delays', async () => {
    const clock = new FakeClock();
    await overStdio(
      ['--fault', 'die*9'],
      async ({ program, server }) => {
        await server.start();
        const started = performance.now();
        await assert.rejects(find(server), { kind: 'ended' });
        assert.ok(performance.now() - started < 60_000);
        await until(() => !server.isUp, 'the loss is known');
        assert.equal(program.pids.length, 1, 'it is not started again at once');
        clock.advance(1000);
        await until(() => server.isUp, 'the program is back');
        await assert.rejects(find(server), { kind: 'ended' });
        clock.advance(1000);
        await until(() => program.pids.length === 2 && clock.timers === 1, 'it waits longer');
        clock.advance(1000);
        await until(() => server.isUp, 'the program is back');
      },
      clock,
    );
  });

  test('a program that does not exist is a server that is away', async () => {
    const clock = new FakeClock();
    const { log, server } = open({ by: 'stdio', command: '/nowhere/at-all', args: [], env: {}, folder: '/' }, clock);
    await server.start();
    assert.deepEqual([server.isUp, server.failure], [false, 'unreachable']);
    assert.match(log(), /"kind":"unreachable","msg":"an MCP server cannot be used/);
    await server.close();
    assert.equal(clock.timers, 0);
  });

  test('a program that ignores the end of its input and SIGTERM is killed', async () => {
    await overStdio(
      ['--deaf'],
      async ({ program, server }) => {
        await server.start();
        assert.equal(program.lives, true);
        await within(server.close(), 'the end of the program');
        await until(() => !program.lives, 'the end of the program');
        assert.deepEqual(program.events.slice(-2), ['input ended', 'deaf to SIGTERM']);
      },
      scaledClock(2),
    );
  });

  test('a result of 50 MB fails its call alone, and a program that floods is ended', async () => {
    const clock = new FakeClock();
    await overStdio(
      ['--fault', 'huge:50000000', '--fault', 'flood'],
      async ({ program, server }) => {
        await server.start();
        await assert.rejects(find(server), { kind: 'too_large' });
        assert.equal(server.isUp, true);
        await assert.rejects(find(server), { kind: 'ended' });
        await until(() => server.failure === 'flood' && !program.lives, 'the end of the program');
      },
      clock,
    );
  });

  test('a call that is over is cancelled at the program', async () => {
    await overStdio(['--fault', 'hang'], async ({ program, server }) => {
      await server.start();
      const abort = new AbortController();
      const call = find(server, abort.signal);
      await until(() => program.events.includes('called find_order'), 'the call');
      abort.abort();
      await assert.rejects(call, { kind: 'late' });
      await until(() => program.events.includes('cancelled find_order'), 'the cancellation');
    });
  });

  test('what a program has started itself ends with it', async () => {
    const program = new McpProgram('--deaf');
    const args = ['-c', '"$0" "$@" & wait', program.command, ...program.args];
    const { server } = open({ by: 'stdio', command: '/bin/sh', args, env: {}, folder: '/' }, scaledClock(2));
    const started = server.start();
    try {
      await until(() => program.events.includes('input ended'), 'the program within the program');
      await within(server.close(), 'the end of both');
      await within(started, 'the end of the try');
      await until(() => !program.lives, 'the end of the program within the program');
    } finally {
      program.dispose();
    }
  });
});

test('the tools of a server that the official SDK runs are listed, called and cancelled', async () => {
  const official = new OfficialServer({ name: 'official', version: '1' });
  let cancelled = 0;
  const inputSchema = { number: z.string().regex(/^\d+$/), how: z.enum(['post', 'courier']).optional() };
  official.registerTool('find', { description: 'Finds.', inputSchema }, async ({ number }, { signal }) => {
    if (number === '0') await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    if (signal.aborted) cancelled++;
    return { content: [{ type: 'text', text: `Order ${number}.` }] };
  });
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => 'one' });
  await official.connect(transport);
  const http = createServer((request, response) => void transport.handleRequest(request, response));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  const clock = new FakeClock();
  const { server } = open({ by: 'http', url, headers: {} }, clock);
  try {
    await server.start();
    assert.deepEqual(names(server), ['shop_find']);
    const { signal } = new AbortController();
    assert.match(JSON.stringify(await server.call('find', { number: '4711' }, signal)), /Order 4711\./);
    assert.match(JSON.stringify(await server.call('find', { number: 'x' }, signal)), /"isError":true/);
    const abort = new AbortController();
    const call = server.call('find', { number: '0' }, abort.signal);
    setTimeout(() => abort.abort(), 100);
    await assert.rejects(call, { kind: 'late' });
    await until(() => cancelled === 1, 'the cancellation');
    official.registerTool('more', {}, () => ({ content: [] }));
    await until(() => clock.timers === 2, 'the notification');
    clock.advance(500);
    await until(() => names(server).includes('shop_more'), 'the new tool');
  } finally {
    await server.close();
    await official.close();
    http.closeAllConnections();
    http.close();
  }
});

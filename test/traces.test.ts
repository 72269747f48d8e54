import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { HubSpotSim } from '../sim/hubspot/server.js';
import { OtlpReceiver } from '../sim/otlp/receiver.js';
import type { ReceivedSpan } from '../sim/otlp/spans.js';
import { signWebhook } from '../sim/twilio/signing.js';
import { ATTRIBUTE } from '../src/telemetry/span-names.js';
import { Scene, busy } from './support/handover-scene.js';
import { withPair } from './support/gateway-pair.js';
import { RedisServer, skipWithoutRedis } from './support/redis-server.js';
import { AUTH_TOKEN, PUBLIC_HOST, startRig, until } from './support/rig.js';
import { scaledClock } from './support/scaled-clock.js';
import { ScriptedProvider } from './support/scripted-provider.js';
import { ORDER_STATUS, PRIVATE, playTracedCall } from './support/traced-call.js';

/** Spans leave at once, so that a test does not wait for them. */
const AT_ONCE = { OTEL_BSP_SCHEDULE_DELAY: '10' };

const named = (receiver: OtlpReceiver, name: string): ReceivedSpan[] =>
  receiver.spans.filter((span) => span.name === name);
const one = (receiver: OtlpReceiver, name: string): ReceivedSpan => {
  const [span, ...more] = named(receiver, name);
  assert.equal(more.length, 0, `${name} came ${more.length + 1} times`);
  return span ?? assert.fail(`no span ${name} among ${receiver.spans.map((each) => each.name).join(', ')}`);
};

describe('the traces of whole calls', { concurrency: true }, () => {
  test('a call with an interruption, a failover and a handover is one trace, and nothing private is in it', async () => {
    const clock = scaledClock(10);
    const receiver = await new OtlpReceiver().start();
    const hubspot = await new HubSpotSim({ clock, keys: ['pat-na1-secret'] }).start();
    const second = new ScriptedProvider('second');
    const rig = await startRig({
      clock,
      fallbacks: [second],
      tools: [ORDER_STATUS],
      env: {
        ...AT_ONCE,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=collector%20secret,tenant=a',
        OTEL_SERVICE_NAME: 'telephone',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
        ENABLE_HUBSPOT: 'true',
        HUBSPOT_BASE_URL: hubspot.url,
        HUBSPOT_ACCESS_TOKEN: 'pat-na1-secret',
      },
    });
    try {
      const scene = await playTracedCall(rig, second);
      await scene.ends('handed_over');
      for (const name of ['call', 'handover.crm', 'POST /twilio/dial-result'])
        await until(() => named(receiver, name).length > 0, `the span ${name}`);
      rig.leaks.wrote('the traces', receiver.bytes.toString('latin1'));

      const call = one(receiver, 'call');
      assert.equal(call.kind, 'server');
      assert.equal(call.parentId, '');
      const [started] = scene.events('started');
      assert.deepEqual(call.attributes, {
        'twilio.call_sid': scene.call.callSid,
        'gen_ai.conversation.id': started?.conversationId,
        'tandem.outcome': 'handed_over',
        'tandem.direction': 'inbound',
        'tandem.assistant': 'default',
        'tandem.resumes': 0,
      });
      assert.equal(parseInt(call.traceId.slice(0, 8), 16), Math.floor((started?.startedAtMs ?? 0) / 1000));
      const { 'service.name': service, 'deployment.environment.name': environment } = call.resource;
      assert.deepEqual([service, environment], ['telephone', 'test']);
      assert.equal(receiver.requests[0]?.headers['x-api-key'], 'collector secret');
      assert.equal(receiver.requests[0].path, '/v1/traces');

      for (const span of receiver.spans) {
        assert.equal(span.traceId, call.traceId, span.name);
        assert.ok(span.endMs >= span.startMs && span.startMs >= call.startMs - 1000, span.name);
      }
      const voice = one(receiver, 'POST /twilio/voice');
      assert.deepEqual([voice.kind, voice.parentId], ['server', call.spanId]);
      assert.deepEqual(voice.attributes, {
        'http.request.method': 'POST',
        'http.route': '/twilio/voice',
        'http.response.status_code': 200,
      });
      const stream = one(receiver, 'stream');
      assert.deepEqual([stream.kind, stream.parentId], ['internal', call.spanId]);
      assert.equal(stream.attributes['twilio.stream_sid'], scene.events('stream-started')[0]?.streamSid);
      assert.equal(stream.attributes['tandem.stream.end'], 'closed');

      const connects = named(receiver, 'voice.connect');
      assert.deepEqual(
        connects.map(({ attributes, kind }) => [
          kind,
          attributes['gen_ai.provider.name'],
          attributes['tandem.connect.cause'],
        ]),
        [
          ['client', 'scripted', 'start'],
          ['client', 'second', 'failover'],
        ],
      );

      const turns = named(receiver, 'turn');
      assert.ok(turns.every(({ kind, parentId }) => kind === 'internal' && parentId === call.spanId));
      assert.deepEqual(
        turns.map(({ attributes }) => attributes['tandem.turn.index']),
        turns.map((_, index) => index),
      );
      const cut = turns.find(({ attributes }) => attributes['tandem.turn.interrupted'] === true);
      assert.equal(cut?.attributes['gen_ai.operation.name'], 'generate_content');
      assert.equal(cut.attributes['gen_ai.output.type'], 'speech');
      assert.equal(cut.attributes['gen_ai.provider.name'], 'scripted');
      assert.equal(cut.attributes['gen_ai.usage.input_tokens'], 150);
      assert.equal(cut.attributes['gen_ai.usage.output_tokens'], 40);
      assert.ok(Number(cut.attributes['tandem.turn.latency_ms']) >= Number(cut.attributes['tandem.turn.model_ms']));
      assert.ok(Number(cut.attributes['tandem.turn.heard_ms']) < 6000);

      const tool = one(receiver, 'execute_tool order_status');
      assert.deepEqual(tool.attributes, {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'order_status',
      });
      const asked = turns.find(({ spanId }) => spanId === tool.parentId);
      assert.equal(asked?.attributes['gen_ai.usage.input_tokens'], 210, 'the tool belongs to the turn that it answers');

      const handover = one(receiver, 'handover');
      const handoverId = scene.events('handover-prepared')[0]?.handoverId;
      assert.deepEqual(handover.attributes, {
        'tandem.handover.id': handoverId,
        'tandem.handover.trigger': 'phrase',
        'tandem.handover.reason': 'requested_human',
        'tandem.handover.outcome': 'bridged',
      });
      for (const name of ['handover.record', 'handover.dial', 'handover.crm']) {
        const span = one(receiver, name);
        assert.deepEqual([span.kind, span.parentId], ['client', handover.spanId], name);
        assert.equal(span.attributes['tandem.handover.id'], handoverId, name);
      }
      assert.equal(one(receiver, 'handover.dial').attributes['tandem.dial.attempt'], 1);
      assert.equal(one(receiver, 'handover.crm').attributes['tandem.handover.outcome'], 'complete');

      const known = new Set<string>(Object.values(ATTRIBUTE));
      for (const { attributes, name } of receiver.spans)
        for (const [key, value] of Object.entries(attributes)) {
          assert.ok(known.has(key), `${key} of ${name}`);
          assert.doesNotMatch(String(value), /[?&=\s]/, key);
        }
      const bytes = receiver.bytes.toString('latin1');
      for (const word of [...Object.values(PRIVATE), '2025550123', 'opening', 'order 88', 'http://', 'https://'])
        assert.ok(!bytes.includes(word), word);

      const lines = rig.log().split('\n').filter(Boolean);
      const ofCall = lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => 'call_sid' in line);
      assert.ok(ofCall.length > 5);
      for (const line of ofCall) assert.equal(line['trace_id'], call.traceId, JSON.stringify(line));
      assert.equal(await droppedBy(rig.running.metrics), 0);
    } finally {
      await rig.close();
      await hubspot.close();
      await receiver.close();
    }
  });

  test('of calls that are not sampled, those are sent in which a handover has failed, and no others', async () => {
    const receiver = await new OtlpReceiver().start();
    const rig = await startRig({
      phone: busy,
      env: {
        ...AT_ONCE,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/own/path`,
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0',
        AFTER_FAILED_DIAL: 'goodbye',
      },
    });
    try {
      const good = new Scene(rig);
      await good.talking();
      await until(() => good.events('model-speech').length > 0, 'the greeting');
      good.call.hangup();
      await good.ends('caller_hung_up');
      const bad = new Scene(rig);
      await bad.asksForHuman();
      await bad.ends('no_human');
      await until(() => named(receiver, 'call').length > 0, 'the failed call');
      const call = one(receiver, 'call');
      assert.equal(call.attributes['twilio.call_sid'], bad.call.callSid);
      assert.equal(call.status, 'error');
      assert.equal(one(receiver, 'handover').attributes['tandem.handover.outcome'], 'busy');
      assert.equal(one(receiver, 'handover').status, 'error');
      assert.ok(named(receiver, 'stream').length > 0, 'what was held before the failure is sent, too');
      assert.ok(receiver.spans.every(({ traceId }) => traceId === call.traceId));
      assert.equal(receiver.requests[0]?.path, '/own/path');
    } finally {
      await rig.close();
      await receiver.close();
    }
  });

  test('spans that the receiver does not take are counted, and the calls notice nothing', async () => {
    const receiver = await new OtlpReceiver().start();
    receiver.status = 400;
    const rig = await startRig({ env: { ...AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } });
    try {
      const scene = new Scene(rig);
      await scene.asksForHuman();
      await scene.ends('handed_over');
      let dropped = 0;
      for (let tries = 0; tries < 2000 && dropped < 5; tries++) {
        dropped = await droppedBy(rig.running.metrics);
        await new Promise((resolve) => {
          setTimeout(resolve, 10);
        });
      }
      assert.ok(dropped >= 5, `${dropped} spans`);
      const told = rig
        .log()
        .split('\n')
        .filter((line) => line.includes('the receiver does not take the spans'));
      assert.equal(told.length, 1);
    } finally {
      await rig.close();
      await receiver.close();
    }
  });

  test('a caller who is refused has a trace, and a header of the load balancer is its link', async () => {
    const receiver = await new OtlpReceiver().start();
    const rig = await startRig({
      env: {
        ...AT_ONCE,
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_PROPAGATORS: 'tracecontext,xray',
        OTEL_TRACES_SAMPLER: 'always_off',
        MAX_CONCURRENT_CALLS: '1',
      },
    });
    try {
      const scene = new Scene(rig);
      await scene.talking();
      const fields = { CallSid: 'CArefused', From: '+12025550123', To: '+12065550199', CallStatus: 'ringing' };
      const url = `https://${PUBLIC_HOST}/twilio/voice`;
      const answer = await fetch(`${rig.base}/twilio/voice`, {
        method: 'POST',
        headers: {
          'x-twilio-signature': signWebhook(AUTH_TOKEN, url, fields),
          'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1',
        },
        body: new URLSearchParams(fields),
      });
      assert.equal(answer.status, 200);
      await until(() => named(receiver, 'POST /twilio/voice').length > 0, 'the spans');
      const call = one(receiver, 'call');
      assert.equal(call.attributes['tandem.outcome'], 'refused_busy');
      const webhook = one(receiver, 'POST /twilio/voice');
      assert.equal(webhook.parentId, call.spanId);
      assert.deepEqual(webhook.links, [{ traceId: '67891233abcdef012345678912345678', spanId: '53995c3f42cd8ad8' }]);
      scene.call.hangup();
      await scene.ends('caller_hung_up');
    } finally {
      await rig.close();
      await receiver.close();
    }
  });

  test('the SDK of OpenTelemetry is not loaded without an endpoint, nor with OTEL_SDK_DISABLED', async () => {
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
    assert.deepEqual(await loadedBy({}), []);
    assert.deepEqual(await loadedBy({ ...endpoint, OTEL_SDK_DISABLED: 'true' }), []);
    assert.deepEqual(await loadedBy({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }), []);
    assert.ok((await loadedBy(endpoint)).length > 10, 'the same way of looking sees what is loaded');
  });
});

describe('the traces of calls that two gateways share', { skip: skipWithoutRedis }, () => {
  let redis: RedisServer;
  before(async () => {
    redis = await RedisServer.start();
  });
  after(() => redis.stop());

  test('a call that moves from one gateway to the other is one trace, whose root the last one sends', async () => {
    const receiver = await new OtlpReceiver().start();
    try {
      await withPair(redis.url, { env: { ...AT_ONCE, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } }, async (pair) => {
        const tokens: string[] = [];
        pair.call.on('twiml', (_request, verbs) => {
          for (const [, token = ''] of JSON.stringify(verbs).matchAll(/"name":"token","value":"([^"]+)"/g))
            tokens.push(token);
        });
        await until(() => pair.first.events.some(({ type }) => type === 'turn'), 'the greeting');
        pair.asked = pair.second;
        pair.call.mediaStream?.drop();
        await until(() => pair.second.events.some(({ type }) => type === 'turn'), 'the second greeting');
        pair.call.hangup();
        await until(() => pair.second.events.some(({ type }) => type === 'ended'), 'the end');
        await until(() => named(receiver, 'call').length > 0, 'the root');

        const call = one(receiver, 'call');
        assert.equal(call.attributes['tandem.resumes'], 1);
        const streams = named(receiver, 'stream');
        assert.deepEqual(
          streams.map(({ attributes, parentId, traceId }) => [traceId, parentId, attributes['tandem.stream.end']]),
          [
            [call.traceId, call.spanId, 'lost'],
            [call.traceId, call.spanId, 'stop'],
          ],
        );
        assert.ok(receiver.spans.every(({ traceId }) => traceId === call.traceId));
        for (const token of tokens) assert.ok(token.endsWith(`.${call.traceId}`), 'a token names the trace');
        for (const rig of [pair.first, pair.second]) assert.ok(rig.log().includes(`"trace_id":"${call.traceId}"`));
      });
    } finally {
      await receiver.close();
    }
  });
});

async function droppedBy(metrics: { text: () => Promise<string> }): Promise<number> {
  return Number(/^gateway_spans_dropped_total (\d+)$/m.exec(await metrics.text())?.[1]);
}

/** Starts a gateway in a process of its own. Resolves with the modules of OpenTelemetry that it has loaded. */
async function loadedBy(env: Record<string, string>): Promise<string[]> {
  const rig = new URL('support/rig.js', import.meta.url).href;
  const code = `
    import { createRequire } from 'node:module';
    import { startRig } from ${JSON.stringify(rig)};
    const rig = await startRig({ env: ${JSON.stringify(env)} });
    const loaded = Object.keys(createRequire(${JSON.stringify(rig)}).cache);
    // The API alone comes with prom-client.
    console.log(JSON.stringify(loaded.filter((file) => /@opentelemetry.(?!api\\b)/.test(file))));
    await rig.close();
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  return JSON.parse(stdout) as string[];
}

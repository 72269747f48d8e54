import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusal } from '../../test/support/refused-config.js';
import { readConfig } from './config.js';

test('calls are traced if there is an endpoint, whose path depends on which setting names it', () => {
  assert.equal(readConfig({}).traces, undefined);
  const traces = readConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
    OTEL_EXPORTER_OTLP_HEADERS: 'a=b%20c, d = e',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=f',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
    OTEL_PROPAGATORS: 'tracecontext,xray',
  }).traces;
  assert.deepEqual(traces, {
    url: 'http://collector:4318/v1/traces',
    headers: { a: 'f', d: 'e' },
    timeoutMs: 10_000,
    compression: 'none',
    serviceName: 'tandem',
    resource: { 'deployment.environment.name': 'test' },
    sampler: 'traceidratio',
    ratio: 0.25,
    propagators: ['tracecontext', 'xray'],
    queue: { maxSpans: 2048, batchSpans: 512, delayMs: 5000 },
  });
  const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/otlp' };
  assert.equal(readConfig(own).traces?.url, 'https://traces.example.com/otlp');
  assert.equal(readConfig({ ...own, OTEL_SDK_DISABLED: 'true' }).traces, undefined);
});

test('a setting of OpenTelemetry that the gateway cannot follow is named, but only if calls are traced', () => {
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4317' };
  for (const [name, value] of [
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_TRACES_SAMPLER', 'xray'],
  ] as const) {
    assert.match(refusal({ ...on, [name]: value }), new RegExp(`^${name} can only be`));
    assert.equal(readConfig({ [name]: value }).traces, undefined);
  }
  assert.match(refusal({ OTEL_EXPORTER_OTLP_HEADERS: 'secret' }), /^OTEL_EXPORTER_OTLP_HEADERS has a value/);
});

test('a namespace of CloudWatch that begins with AWS/ is refused, because it is not for customers', () => {
  assert.match(refusal({ METRICS_EMF_NAMESPACE: 'AWS/Tandem' }), /^METRICS_EMF_NAMESPACE /);
  const { emf } = readConfig({ METRICS_EMF_NAMESPACE: 'Tandem/production' });
  assert.deepEqual(emf, { namespace: 'Tandem/production', everyMs: 60_000 });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TandemError } from '../../src/base/errors.js';
import { createReport } from './report.js';

type Line = Record<string, unknown>;

function scene() {
  const lines: Line[] = [];
  const report = createReport(
    (line) => lines.push(JSON.parse(line) as Line),
    () => 0,
  );
  const values = (name: string): unknown[] => lines.flatMap((line) => line[name] ?? []);
  return { lines, report, values };
}

const CAUSES: readonly (readonly [code: string, error: unknown, health: number[]])[] = [
  ['CONFIG_INVALID', new TandemError('CONFIG_INVALID', 'No pepper.'), [0]],
  ['STORE_TABLE_MISSING', new TandemError('STORE_TABLE_MISSING', 'No table.'), [0]],
  ['STORE_REJECTED', new TandemError('STORE_REJECTED', 'No permission.'), [0]],
  ['STORE_THROTTLED', new TandemError('STORE_THROTTLED', 'Too many.'), []],
  ['STORE_UNREACHABLE', new TandemError('STORE_UNREACHABLE', 'Nobody there.'), []],
  ['UNEXPECTED', new TandemError('VOICE_FAILED', 'Of another program.'), []],
  ['UNEXPECTED', new TypeError('the caller said: private'), []],
  ['UNEXPECTED', 'private', []],
];

for (const [code, error, health] of CAUSES)
  test(`the Lambda counts ${code} (${error instanceof Error ? error.name : 'no error'}), ${health.length > 0 ? 'and is not healthy' : 'which passes'}`, () => {
    const { lines, report, values } = scene();
    report.failed('contact-1', error);
    assert.deepEqual(values('code'), [code, code]);
    assert.deepEqual(values('contact_id'), ['contact-1']);
    assert.deepEqual(values('failures'), [1]);
    assert.deepEqual(values('healthy'), health);
    assert.doesNotMatch(JSON.stringify(lines), /private/);
  });

test('a failure is followed by an answer that the Lambda does not count as healthy, and any other answer is', () => {
  const { report, values } = scene();
  report.answered('contact-1', { token_status: 'error' });
  assert.deepEqual(values('healthy'), []);
  report.answered('contact-1', { token_status: 'invalid' });
  report.checked('contact-1');
  assert.deepEqual(values('healthy'), [1, 1]);
  assert.deepEqual(values('redemptions'), [1, 1]);
});

test('the Lambda counts redeemed and invalid tokens beside the figures of the gateway, with the same dimension', () => {
  const lines: Line[] = [];
  const report = createReport(
    (line) => lines.push(JSON.parse(line) as Line),
    () => 0,
    'Tandem/production',
  );
  for (const status of ['valid', 'ani_match', 'expired', 'used', 'error'])
    report.answered('contact-1', { token_status: status });
  report.invalidToken();
  const directives = (name: string): unknown[] =>
    lines.flatMap((line) => (name in line ? [[line['Service'], line['_aws']]] : []));
  const directive = (name: string): unknown => ({
    Timestamp: 0,
    CloudWatchMetrics: [
      { Namespace: 'Tandem/production', Dimensions: [['Service']], Metrics: [{ Name: name, Unit: 'Count' }] },
    ],
  });
  const once = (name: string): unknown[] => ['tandem', directive(name)];
  assert.deepEqual(directives('TokensRedeemed'), [once('TokensRedeemed'), once('TokensRedeemed')]);
  assert.deepEqual(directives('TokensInvalid'), [once('TokensInvalid')]);
});

for (const [given, namespace] of [
  ['Tandem/production', 'Tandem/production'],
  [undefined, 'Tandem'],
] as const)
  test(`every metric of the Lambda is in the namespace ${namespace} when the setting is ${given ?? 'missing'}`, () => {
    const lines: Line[] = [];
    const report = createReport(
      (line) => lines.push(JSON.parse(line) as Line),
      () => 0,
      given,
    );
    report.answered('contact-1', { token_status: 'valid' });
    report.invalidToken();
    report.failed('contact-2', new TandemError('CONFIG_INVALID', 'No pepper.'));
    const found = lines.flatMap((line) => {
      const metrics = (line['_aws'] as { CloudWatchMetrics: { Namespace: string; Metrics: { Name: string }[] }[] })
        ?.CloudWatchMetrics;
      return metrics?.map((metric) => [metric.Metrics[0]?.Name, metric.Namespace]) ?? [];
    });
    assert.deepEqual(
      found,
      ['redemptions', 'TokensRedeemed', 'healthy', 'invalid_tokens', 'TokensInvalid', 'failures', 'healthy'].map(
        (name) => [name, namespace],
      ),
    );
  });

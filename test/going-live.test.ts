import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

// Types the commands of docs/operate/going-live.md in order and in one shell, as somebody does who follows its words only. A stand-in for
// the AWS CLI refuses what the real one would refuse, and keeps what it was told.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/operate/going-live.md'), 'utf8');
const ACCOUNT = '111122223333';
const INSTANCE = '0a1b2c3d-1111-2222-3333-444455556666';
const LIMIT_MS = 60_000;

interface Cloud {
  secrets: Record<string, string>;
  tables: string[];
  told: { command: string; options: Record<string, string> & { policy?: { Statement: unknown } } }[];
}

function typeAll(page: string): Cloud {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-going-live-'));
  try {
    for (const name of ['connect', 'package.json']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    mkdirSync(join(folder, 'dist/lambda/connect'), { recursive: true });
    writeFileSync(join(folder, 'dist/lambda/connect/index.mjs'), '');
    // Not every machine of a developer has zip, and the stand-in does not look into the file.
    writeFileSync(join(folder, 'zip'), '#!/bin/sh\necho zipped\n', { mode: 0o755 });
    const blocks = [...page.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, text = '']) => text);
    assert.ok(blocks.length >= 9, `the page has its blocks, and not ${blocks.length}`);
    execFileSync('bash', ['-c', `set -euo pipefail\n${blocks.join('\n')}`], {
      cwd: folder,
      env: {
        PATH: [join(ROOT, 'terraform/offline/bin'), folder, process.env['PATH']].join(delimiter),
        OFFLINE_CLOUD: folder,
      },
      timeout: LIMIT_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return JSON.parse(readFileSync(join(folder, 'cloud.json'), 'utf8')) as Cloud;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('somebody who types the commands of docs/operate/going-live.md in order has a table, a Lambda and the flows of Connect', () => {
  const { secrets, tables, told } = typeAll(PAGE);
  const optionsOf = (command: string) => told.filter((one) => one.command === command).map(({ options }) => options);
  const [name = '', pepper = ''] = Object.entries(secrets)[0] ?? [];
  assert.match(pepper.trim(), /^[0-9a-f]{64}$/);
  assert.deepEqual(tables, ['HandoverTokens']);

  const secret = `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:${name}-aaaaaa`;
  const [lambda] = optionsOf('lambda create-function');
  assert.equal(lambda?.['role'], `arn:aws:iam::${ACCOUNT}:role/${optionsOf('iam create-role')[0]?.['role-name']}`);
  assert.equal(
    lambda['environment'],
    `Variables={DYNAMODB_TABLE_NAME=HandoverTokens,HANDOVER_TOKEN_PEPPER_SECRET_ARN=${secret}}`,
  );
  assert.deepEqual(optionsOf('iam put-role-policy')[0]?.policy?.Statement, [
    {
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      Resource: `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/HandoverTokens`,
    },
    { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secret },
  ]);

  const lambdaArn = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${lambda['function-name']}`;
  assert.equal(optionsOf('connect associate-lambda-function')[0]?.['function-arn'], lambdaArn);
  const flows = optionsOf('connect create-contact-flow');
  assert.deepEqual(
    flows.map(({ type }) => type),
    ['AGENT_WHISPER', 'CONTACT_FLOW', 'CONTACT_FLOW'],
  );
  const [whisper, guide, inbound] = flows.map(({ content = '' }) => content);
  assert.doesNotMatch(`${whisper}${guide}${inbound}`, /\$\{/, 'no placeholder is left');
  const flowArn = (flow: string): string =>
    `arn:aws:connect:us-east-1:${ACCOUNT}:instance/${INSTANCE}/contact-flow/${flow}`;
  for (const part of [lambdaArn, flowArn('tandem-whisper'), flowArn('tandem-guide'), '/queue/'])
    assert.ok(inbound?.includes(part), `the contact flow names ${part}`);
  for (const content of [whisper, guide, inbound]) JSON.parse(content ?? '');
  assert.equal(optionsOf('connect associate-phone-number-contact-flow')[0]?.['contact-flow-id'], 'tandem');
});

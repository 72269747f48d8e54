import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readOutputs } from './outputs.js';

describe('the outputs of a deployment', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-terraform-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** A program in place of Terraform. */
  async function terraform(text: string): Promise<string> {
    const program = join(folder, 'terraform');
    await writeFile(program, `#!/bin/sh\n${text}\n`);
    await chmod(program, 0o755);
    return program;
  }

  test('Terraform is asked in its folder, and each output is taken out of its wrapping', async () => {
    const program = await terraform(`test "$*" = "-chdir=terraform output -json" || exit 3
echo '{"region":{"sensitive":false,"type":"string","value":"eu-central-1"},"image":{"value":"x:v1"},"number":{"value":{}}}'`);
    assert.deepEqual(await readOutputs({ folder: 'terraform', program }), { region: 'eu-central-1', image: 'x:v1' });
  });

  test('a file that somebody wrote by hand may leave the wrapping out', async () => {
    const file = join(folder, 'outputs.json');
    await writeFile(file, '{"region": "eu-central-1", "image": {"value": "x:v1"}}');
    assert.deepEqual(await readOutputs({ file }), { region: 'eu-central-1', image: 'x:v1' });
  });

  test('outputs that cannot be had are answered with the reason', async () => {
    const why = async (from: Parameters<typeof readOutputs>[0]): Promise<string> => {
      const read = await readOutputs(from);
      return 'why' in read ? read.why : 'it was read';
    };
    assert.match(
      await why({ folder: 'terraform', program: join(folder, 'missing') }),
      /^terraform -chdir=terraform output -json cannot be read \(ENOENT\)$/,
    );
    assert.match(await why({ folder: 'terraform', program: await terraform('exit 1') }), /\(exit code 1\)$/);
    assert.match(await why({ folder: 'terraform', program: await terraform('echo no state') }), / is not JSON$/);
    assert.match(await why({ folder: 'terraform', program: await terraform('echo {}') }), /lacks .*: region: /);
    assert.match(await why({ file: join(folder, 'missing.json') }), /missing\.json cannot be read \(ENOENT\)$/);
    const file = join(folder, 'wrong.json');
    await writeFile(file, '{"region": "eu-central-1", "lambda_alias_arn": "tandem-redeem"}');
    assert.match(await why({ file }), /lambda_alias_arn: expected the ARN of a Lambda function$/);
  });
});

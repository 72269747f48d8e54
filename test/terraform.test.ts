import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

// Tests the offline provider that `npm run check:terraform` uses, without the terraform command that the check needs.
const OFFLINE = resolve('terraform/offline');
const SCHEMA = readFileSync(`${OFFLINE}/aws-schema.json`, 'utf8');

interface OfflineProvider {
  startOfflineProvider: () => Promise<{ reattach: string; close: () => void }>;
}

interface Attribute {
  name: string;
  type: Buffer;
  required: boolean;
}

interface ProviderClient {
  GetSchema: (
    request: object,
    answer: (
      error: Error | null,
      schemas: { resource_schemas: Record<string, { block: { attributes: Attribute[] } }> },
    ) => void,
  ) => void;
  close: () => void;
}

describe('terraform/offline', () => {
  test('the offline provider tells Terraform the shape of each resource in use', async () => {
    const { startOfflineProvider } = (await import(pathToFileURL(`${OFFLINE}/provider.mjs`).href)) as OfflineProvider;
    const provider = await startOfflineProvider();
    try {
      const { Protocol, ProtocolVersion, Addr } = (
        JSON.parse(provider.reattach) as Record<
          string,
          { Protocol: string; ProtocolVersion: number; Addr: { String: string } }
        >
      )['registry.terraform.io/hashicorp/aws'] ?? { Addr: { String: '' } };
      assert.deepEqual([Protocol, ProtocolVersion], ['grpc', 5]);
      const { tfplugin5 } = loadPackageDefinition(
        loadSync(`${OFFLINE}/tfplugin5.proto`, { keepCase: true }),
      ) as unknown as {
        tfplugin5: { Provider: new (address: string, secret: unknown) => ProviderClient };
      };
      const client = new tfplugin5.Provider(Addr.String, credentials.createInsecure());
      const { resource_schemas: resources } = await new Promise<
        Parameters<Parameters<ProviderClient['GetSchema']>[1]>[1]
      >((done, failed) => {
        client.GetSchema({}, (error, schemas) => (error === null ? done(schemas) : failed(error)));
      });
      client.close();
      const code = resources['aws_cloudfront_function']?.block.attributes.find(({ name }) => name === 'code');
      assert.deepEqual([code?.required, code?.type.toString()], [true, '"string"']);
      const used = Array.from(
        readFileSync('terraform/fallback/main.tf', 'utf8').matchAll(/^resource "(aws_\w+)"/gm),
        ([, name = '']) => name,
      );
      assert.deepEqual(Object.keys(resources).toSorted(), used.toSorted());
    } finally {
      provider.close();
    }
  });

  test('reduce-schema keeps only the resources in use, and names one that the provider lacks', () => {
    const reduce = (schema: string) =>
      spawnSync(process.execPath, [`${OFFLINE}/reduce-schema.mjs`], { input: schema, encoding: 'utf8' });
    const real = JSON.parse(SCHEMA) as {
      provider_schemas: Record<string, { resource_schemas: Record<string, unknown> }>;
    };
    const resources = real.provider_schemas['registry.terraform.io/hashicorp/aws']?.resource_schemas ?? {};
    resources['aws_vpc'] = { version: 1, block: { description: 'Not used here.', attributes: {} } };
    assert.equal(reduce(JSON.stringify(real)).stdout, SCHEMA);
    delete resources['aws_cloudfront_function'];
    const { status, stderr } = reduce(JSON.stringify(real));
    assert.deepEqual([status, stderr], [1, 'The provider does not have aws_cloudfront_function.\n']);
  });
});

// A provider that knows only the shape of AWS's resources. With it Terraform finds what is misspelt, missing or of the wrong
// type, without a download or an account. Only the real provider checks values, AWS names and conflicts between arguments.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const SOURCE = 'registry.terraform.io/hashicorp/aws';

/**
 * Starts the provider on a free local port. `reattach` is the value of the environment variable TF_REATTACH_PROVIDERS, with
 * which Terraform uses a provider that is already running (Terraform: debugging providers).
 * @returns {Promise<{ reattach: string, close: () => void }>}
 */
export async function startOfflineProvider() {
  const { provider, resource_schemas: resources } = JSON.parse(
    readFileSync(new URL('aws-schema.json', import.meta.url), 'utf8'),
  ).provider_schemas[SOURCE];
  const schemas = {
    provider: schemaMessage(provider),
    resource_schemas: Object.fromEntries(
      Object.entries(resources).map(([name, schema]) => [name, schemaMessage(schema)]),
    ),
    data_source_schemas: {},
  };
  const definition = loadPackageDefinition(
    loadSync(fileURLToPath(new URL('tfplugin5.proto', import.meta.url)), { keepCase: true }),
  );
  const server = new Server();
  server.addService(definition.tfplugin5.Provider.service, {
    GetSchema: (_call, answer) => answer(null, schemas),
    PrepareProviderConfig: ({ request }, answer) => answer(null, { prepared_config: request.config }),
    ValidateResourceTypeConfig: (_call, answer) => answer(null, {}),
    ValidateDataSourceConfig: (_call, answer) => answer(null, {}),
    Stop: (_call, answer) => answer(null, {}),
  });
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const reattach = JSON.stringify({
    [SOURCE]: {
      Protocol: 'grpc',
      ProtocolVersion: 5,
      Pid: process.pid,
      // Tells Terraform not to end this provider, because Terraform did not start it.
      Test: true,
      Addr: { Network: 'tcp', String: `127.0.0.1:${port}` },
    },
  });
  return { reattach, close: () => server.forceShutdown() };
}

/** Converts a schema from the form of `terraform providers schema -json` to that of the plugin protocol. */
function schemaMessage({ block, version }) {
  return { version, block: blockMessage(block) };
}

function blockMessage({ attributes = {}, block_types: blockTypes = {} }) {
  return {
    attributes: Object.entries(attributes).map(([name, { type, ...flags }]) => ({
      name,
      type: Buffer.from(JSON.stringify(type)),
      ...flags,
    })),
    block_types: Object.entries(blockTypes).map(([name, { block, nesting_mode: mode, ...limits }]) => ({
      type_name: name,
      nesting: mode.toUpperCase(),
      block: blockMessage(block),
      ...limits,
    })),
  };
}

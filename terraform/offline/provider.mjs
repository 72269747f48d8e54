// Providers for Terraform that need neither network nor account. `validate`, `plan`, `apply` and `test` run with them: what is
// misspelt, missing or of the wrong type is found, rules of AWS are asked (rules.mjs), and applying gives each resource the ids
// and ARNs that AWS would give it. Nothing is created anywhere.
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { Server, ServerCredentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { archive } from './archive.mjs';
import { aws } from './aws.mjs';
import { UNKNOWN, decode, encode } from './msgpack.mjs';

/**
 * Starts the providers on free local ports. `reattach` is the value of the environment variable TF_REATTACH_PROVIDERS, with
 * which Terraform uses providers that are already running (Terraform: debugging providers).
 * @returns {Promise<{ reattach: string, close: () => void }>}
 */
export async function startOfflineProvider() {
  const served = await Promise.all([aws(), archive()].map(serve));
  const reattach = JSON.stringify(
    Object.fromEntries(
      served.map(({ port, source }) => [
        source,
        {
          Protocol: 'grpc',
          ProtocolVersion: 5,
          Pid: process.pid,
          // Tells Terraform not to end this provider, because Terraform did not start it.
          Test: true,
          Addr: { Network: 'tcp', String: `127.0.0.1:${port}` },
        },
      ]),
    ),
  );
  return { reattach, close: () => served.forEach(({ server }) => server.forceShutdown()) };
}

/**
 * A provider: `schema` in the form of `terraform providers schema -json`; `problems` says what the service would refuse; `make`
 * completes a resource that Terraform applies, of which `old` is the state before; `follows` are the attributes that are made
 * anew when a resource is changed; `read` completes a data source. `settings` is the configuration of the provider.
 * @typedef {{
 *   source: string, schema: object,
 *   problems: (type: string, values: object) => Promise<string[]>,
 *   follows: (type: string) => string[],
 *   make: (type: string, values: object, settings: object, old: object | null) => object,
 *   read: (type: string, values: object, settings: object) => object,
 * }} Provider
 */
async function serve({ source, schema, problems, follows, make, read }) {
  const { provider, resource_schemas: resources = {}, data_source_schemas: data = {} } = schema;
  const messages = (all) => Object.fromEntries(Object.entries(all).map(([name, each]) => [name, schemaMessage(each)]));
  const schemas = {
    provider: schemaMessage(provider),
    resource_schemas: messages(resources),
    data_source_schemas: messages(data),
  };
  /** The settings of each `provider` block. Terraform opens a connection for each one. */
  const settings = new Map();
  const refused = async (type, values) =>
    values === null ? [] : (await problems(type, values)).map((summary) => error(type, summary));
  const methods = {
    GetSchema: () => schemas,
    PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
    Configure: ({ config }, peer) => void settings.set(peer, valueOf(config)),
    ValidateResourceTypeConfig: async ({ type_name: type, config }) => ({
      diagnostics: await refused(type, valueOf(config)),
    }),
    ValidateDataSourceConfig: () => ({}),
    UpgradeResourceState: ({ raw_state: { json } }) => ({ upgraded_state: { json } }),
    ReadResource: ({ current_state: state }) => ({ new_state: state }),
    PlanResourceChange: ({ type_name: type, prior_state: prior, proposed_new_state: proposed }) => {
      const values = valueOf(proposed);
      if (values === null) return { planned_state: proposed };
      const { block } = resources[type];
      const planned = withoutSecrets(values, block);
      const old = valueOf(prior);
      if (old !== null && !isDeepStrictEqual({ ...old }, { ...planned })) {
        for (const name of follows(type)) planned[name] = UNKNOWN;
      }
      return {
        planned_state: message(old === null ? withUnknowns(planned, block) : planned),
        legacy_type_system: true,
      };
    },
    ApplyResourceChange: async ({ type_name: type, prior_state: prior, planned_state: planned }, peer) => {
      const values = valueOf(planned);
      if (values === null) return { new_state: planned };
      // Only now all of a policy is known, because it names what has been made before it.
      const diagnostics = await refused(type, values);
      if (diagnostics.length > 0) return { new_state: prior, diagnostics, legacy_type_system: true };
      const made = make(type, values, settings.get(peer) ?? {}, valueOf(prior));
      return { new_state: message(completed(made, resources[type].block)), legacy_type_system: true };
    },
    ReadDataSource: ({ type_name: type, config }, peer) => {
      try {
        const values = read(type, valueOf(config), settings.get(peer) ?? {});
        return { state: message(completed(values, data[type].block)) };
      } catch (cause) {
        return { state: config, diagnostics: [error(type, cause.message)] };
      }
    },
    Stop: () => ({}),
  };
  const proto = loadSync(fileURLToPath(new URL('tfplugin5.proto', import.meta.url)), { keepCase: true });
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  server.addService(
    loadPackageDefinition(proto).tfplugin5.Provider.service,
    Object.fromEntries(
      Object.entries(methods).map(([name, method]) => [
        name,
        async (call, answer) => {
          try {
            answer(null, (await Promise.resolve(method(call.request, call.getPeer()))) ?? {});
          } catch (cause) {
            answer({ code: 13, message: String(cause.stack) });
          }
        },
      ]),
    ),
  );
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (problem, bound) =>
      problem === null ? resolve(bound) : reject(problem),
    );
  });
  return { port, server, source };
}

function error(type, summary) {
  return { severity: 'ERROR', summary: `${type}: ${summary}`, detail: '' };
}

function valueOf(message) {
  if (message?.msgpack?.length > 0) return decode(message.msgpack);
  return message?.json?.length > 0 ? JSON.parse(message.json) : null;
}

function message(value) {
  return { msgpack: encode(value) };
}

/** `values` with `change` made to every attribute of the block and of the blocks in it. */
function mapped(values, { attributes = {}, block_types: blocks = {} }, change) {
  if (values === null || values === undefined || values === UNKNOWN) return values;
  const result = { ...values };
  for (const [name, attribute] of Object.entries(attributes)) result[name] = change(values[name] ?? null, attribute);
  for (const [name, { block }] of Object.entries(blocks)) {
    const inner = values[name];
    result[name] = Array.isArray(inner)
      ? inner.map((each) => mapped(each, block, change))
      : mapped(inner, block, change);
  }
  return result;
}

/** A write-only value must not come back: what comes back is kept in the state. */
function withoutSecrets(values, block) {
  return mapped(values, block, (value, { write_only: isSecret }) => (isSecret ? null : value));
}

function withUnknowns(values, block) {
  return mapped(values, block, (value, { computed }) => (computed && value === null ? UNKNOWN : value));
}

/** What is still unknown after `make` is empty. */
function completed(values, block) {
  return mapped(values, block, (value, { type }) => (value === UNKNOWN ? emptyOf(type) : value));
}

function emptyOf(type) {
  if (!Array.isArray(type)) return { bool: false, number: 0, string: '' }[type] ?? null;
  return type[0] === 'map' ? {} : [];
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

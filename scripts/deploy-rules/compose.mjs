// What docker-compose.yml must keep to, besides what `docker-compose config` knows.

/** Names that commands, other files and readers rely on. */
const SERVICES = ['gateway', 'dynamodb-local', 'redis', 'prometheus', 'grafana'];
/** Keys that docker-compose 1.29 of Debian refuses. */
const UNKNOWN_KEYS = ['name', 'develop', 'version'];
/** Its image holds one program and no shell, so nothing in it could ask. */
const CANNOT_BE_ASKED = new Set(['otel-collector']);
const PROFILE = 'observability';
/** The default of DRAIN_SECONDS. */
const DRAIN_SECONDS = 110;

/** @returns {string[]} what is wrong with the parsed file */
export function composeProblems(file) {
  const problems = [];
  const services = Object.entries(file.services ?? {});
  for (const key of UNKNOWN_KEYS) if (key in file) problems.push(`${key}: older docker-compose does not know this key`);
  for (const name of SERVICES) if (!(name in (file.services ?? {}))) problems.push(`there is no service ${name}`);
  for (const [name, service] of services) {
    const say = (what) => problems.push(`${name}: ${what}`);
    checkImage(service, say);
    checkReach(service, say);
    checkRights(service, say);
    checkHealth(name, service, file.services, say);
    if ('env_file' in service) say('env_file: docker-compose 1.29 refuses a file that is missing');
    if ('develop' in service) say('develop: older docker-compose does not know this key');
  }
  const { gateway } = file.services ?? {};
  if (gateway !== undefined) checkGateway(gateway, (what) => problems.push(`gateway: ${what}`));
  return problems;
}

function checkImage({ image }, say) {
  if (image === undefined) say('has no image');
  else if (!/:[\w.-]+$|@sha256:[0-9a-f]{64}$/.test(image) || image.endsWith(':latest'))
    say(`${image} needs a tag or a digest`);
}

function checkReach({ network_mode: network, ports = [], volumes = [] }, say) {
  for (const port of ports) {
    const isLocal = typeof port === 'string' ? port.startsWith('127.0.0.1:') : port.host_ip === '127.0.0.1';
    if (!isLocal) say(`the port ${JSON.stringify(port)} is open to the network; begin it with 127.0.0.1:`);
  }
  if (network !== undefined) say(`network_mode ${network} is not used`);
  for (const volume of volumes) {
    if (typeof volume !== 'string') say('volumes are written as source:target:ro');
    else if (volume.includes('docker.sock')) say('Docker itself must not be reachable from a container');
    else if (/^[./~]/.test(volume) && !volume.endsWith(':ro')) say(`${volume} must end in :ro`);
  }
}

function checkRights(service, say) {
  if (service.read_only !== true) say('read_only: true is missing');
  if (JSON.stringify(service.cap_drop) !== '["ALL"]') say('cap_drop: [ALL] is missing');
  if (!(service.security_opt ?? []).includes('no-new-privileges:true')) say('no-new-privileges:true is missing');
  for (const key of ['cap_add', 'devices', 'ipc', 'pid', 'privileged']) if (key in service) say(`${key} is not used`);
  if (/^(?:0|root)\b/.test(String(service.user ?? ''))) say('runs as root');
}

function checkHealth(name, { depends_on: needed = {}, healthcheck, profiles = [] }, services, say) {
  if (CANNOT_BE_ASKED.has(name)) {
    if (healthcheck !== undefined) say('has a healthcheck that cannot run in its image');
  } else if (healthcheck === undefined) say('has no healthcheck');
  else if (!Array.isArray(healthcheck.test) || healthcheck.test[0] !== 'CMD') say('the healthcheck must be [CMD, …]');
  if (Array.isArray(needed)) say('depends_on needs condition: service_healthy');
  for (const [other, { condition } = {}] of Array.isArray(needed) ? [] : Object.entries(needed)) {
    if (condition !== 'service_healthy') say(`depends_on ${other} needs condition: service_healthy`);
    if (services[other]?.healthcheck === undefined) say(`waits for ${other}, which has no healthcheck`);
  }
  if (profiles.some((profile) => profile !== PROFILE)) say(`the only profile is ${PROFILE}`);
}

function checkGateway(service, say) {
  const { build, command, entrypoint, environment = {}, init, profiles, stop_grace_period: grace } = service;
  if (init !== true) say('init: true is missing, without which a gateway that stands still cannot end itself');
  if (build?.target !== 'dev') say('build.target must be dev, which has the embedded voice');
  if (profiles !== undefined) say('starts without a profile');
  if (command !== undefined || entrypoint !== undefined) say('starts as its image does');
  if (!(seconds(grace) > DRAIN_SECONDS)) say(`stop_grace_period must be longer than DRAIN_SECONDS (${DRAIN_SECONDS})`);
  if (environment.HOST !== '0.0.0.0') say('HOST must be 0.0.0.0, or nothing outside its container reaches it');
  for (const [name, value] of Object.entries(environment)) {
    const isFixed = typeof value === 'string' && !value.includes('${');
    if (isFixed && /(?:TOKEN|SECRET|PASSWORD|PEPPER|_KEY)/.test(name)) say(`${name} must come from outside`);
  }
}

function seconds(text = '') {
  const [, minutes = 0, rest = 0] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(rest);
}

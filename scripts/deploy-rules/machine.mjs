// What the unit for systemd and the Caddyfile must keep to.

/** The defaults of DRAIN_SECONDS and KEEP_ALIVE_SECONDS. */
const DRAIN_SECONDS = 110;
const KEEP_ALIVE_SECONDS = 75;
/** Without one of these the gateway could do more on its machine than it needs. */
const HARDENING = {
  DynamicUser: 'yes',
  CapabilityBoundingSet: '',
  NoNewPrivileges: 'yes',
  ProtectSystem: 'strict',
  ProtectHome: 'yes',
  PrivateTmp: 'yes',
  PrivateDevices: 'yes',
  ProtectKernelModules: 'yes',
  ProtectKernelTunables: 'yes',
  RestrictNamespaces: 'yes',
  RestrictSUIDSGID: 'yes',
  SystemCallArchitectures: 'native',
  // Node tries to raise its limits. The default is to end a process that does.
  SystemCallErrorNumber: 'EPERM',
};

/** @returns {Map<string, string[]>} values by `Section.Key`, in order */
export function unitOf(text) {
  const values = new Map();
  let section = '';
  for (const line of text.split('\n')) {
    const [, head] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (head !== undefined) section = head;
    else if (key !== undefined) values.set(`${section}.${key}`, [...(values.get(`${section}.${key}`) ?? []), value]);
  }
  return values;
}

/** The system calls that the unit lets through, of the sets that `systemd-analyze syscall-filter` prints. @returns {string[]} */
export function allowedCalls(unit, sets) {
  const calls = (name, seen = new Set()) => {
    if (!name.startsWith('@')) return [name];
    if (seen.has(name)) return [];
    seen.add(name);
    return (sets.get(name) ?? []).flatMap((member) => calls(member, seen));
  };
  const allowed = new Set(calls('@default'));
  for (const line of unitOf(unit).get('Service.SystemCallFilter') ?? []) {
    const isRefusal = line.startsWith('~');
    for (const call of line
      .replace(/^~/, '')
      .split(' ')
      .flatMap((name) => calls(name))) {
      if (isRefusal) allowed.delete(call);
      else allowed.add(call);
    }
  }
  return [...allowed];
}

/** @returns {Map<string, string[]>} the members of each set, as systemd prints them */
export function callSetsIn(text) {
  const sets = new Map();
  let members = [];
  for (const line of text.split('\n')) {
    if (/^@[\w-]+$/.test(line)) sets.set(line, (members = []));
    else if (/^ +[@\w]/.test(line)) members.push(line.trim());
  }
  return sets;
}

/** @returns {string[]} what is wrong with the unit */
export function unitProblems(text) {
  const unit = unitOf(text);
  const of = (key) => unit.get(`Service.${key}`)?.at(-1);
  const problems = [];
  const expect = (isSo, what) => {
    if (!isSo) problems.push(`tandem.service: ${what}`);
  };
  expect(
    /^\/\S*node .*dist\/src\/(?:main|cluster)\.js\b/.test(of('ExecStart')),
    'ExecStart must be node itself, by its whole path',
  );
  expect(
    Number(of('TimeoutStopSec')) > DRAIN_SECONDS,
    `TimeoutStopSec must be longer than DRAIN_SECONDS (${DRAIN_SECONDS})`,
  );
  expect(of('KillMode') === 'mixed', 'KillMode must be mixed, so that the first process drains the others');
  expect(of('Restart') === 'always', 'Restart must be always');
  expect(unit.get('Unit.StartLimitIntervalSec')?.[0] === '0', 'StartLimitIntervalSec must be 0, or systemd gives up');
  expect(of('LoadCredential')?.startsWith('tandem.env:/'), 'LoadCredential must name the settings');
  expect(of('EnvironmentFile') === undefined, "EnvironmentFile would show secrets in the unit's environment");
  expect(/\bENV_FILE=%d\/tandem\.env\b/.test(of('Environment')), 'ENV_FILE must be the credential');
  expect(!unit.has('Service.MemoryDenyWriteExecute'), 'MemoryDenyWriteExecute ends node, because V8 compiles');
  expect(
    unit.get('Service.SystemCallFilter')?.[0] === '@system-service',
    'SystemCallFilter must begin with @system-service',
  );
  for (const [key, value] of Object.entries(HARDENING))
    expect(of(key) === value, `${key} must be ${value === '' ? 'empty' : value}`);
  return problems;
}

/** @returns {string[]} what is wrong with the Caddyfile */
export function caddyfileProblems(text) {
  const problems = [];
  const lines = text.split('\n').map((line) => line.replace(/(?:^|\s)#.*$/, '').trim());
  const value = (directive) => lines.find((line) => line.startsWith(`${directive} `))?.slice(directive.length + 1);
  const expect = (isSo, what) => {
    if (!isSo) problems.push(`Caddyfile: ${what}`);
  };
  expect(
    lines.some((line) => /^handle \/twilio\/\* \{$/.test(line)),
    'only /twilio/* is for the public',
  );
  expect(
    lines.some((line) => line === 'respond 404'),
    'everything else must be answered 404',
  );
  expect(lines.filter((line) => line.startsWith('reverse_proxy')).length === 1, 'there must be one reverse_proxy');
  expect(
    /^reverse_proxy 127\.0\.0\.1:\d+ \{$/.test(lines.find((line) => line.startsWith('reverse_proxy')) ?? ''),
    'the gateway is on this machine',
  );
  expect(
    seconds(value('stream_close_delay')) >= 600,
    'stream_close_delay is missing, so that a reload ends every stream',
  );
  const keepAlive = seconds(value('keepalive'));
  expect(
    keepAlive > 0 && keepAlive < KEEP_ALIVE_SECONDS,
    `keepalive must be shorter than KEEP_ALIVE_SECONDS (${KEEP_ALIVE_SECONDS})`,
  );
  return problems;
}

function seconds(text = '') {
  const [, amount, unit] = /^(\d+)([smh])$/.exec(text) ?? [undefined, '0', 's'];
  return Number(amount) * { s: 1, m: 60, h: 3600 }[unit];
}

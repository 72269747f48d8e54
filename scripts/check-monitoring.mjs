// `npm run check:monitoring`: the alerts with their unit tests, and every query of the dashboard and the alerts on a real Prometheus
// that scrapes a live gateway.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { buildAll } from './build.mjs';
import { anchorsOf } from './check-docs.mjs';
import { readScriptInput } from './command.mjs';
import { hasPrometheus, pause, startPrometheus } from './monitoring/prometheus.mjs';
import { DASHBOARD, RULES, alerts, filledIn, missingFrom, panels, seriesIn } from './monitoring/queries.mjs';

await readScriptInput({
  name: 'check:monitoring',
  does: 'Checks monitoring/: the rules of alerts and their unit tests, and every query of the dashboard and the alerts on a real Prometheus that scrapes a live gateway after a simulated call. Needs the commands prometheus and promtool.',
  options: {},
  examples: [''],
  notes: 'Exit code: 0 all passed or Prometheus is missing, 1 something failed.',
});

const root = new URL('../', import.meta.url);
const OPERATIONS = 'docs/OPERATIONS.md';
const SEVERITIES = new Set(['page', 'ticket', 'critical', 'warning', 'info']);
/** How long a query may stay without a result. The first scrape takes a moment on a busy machine. */
const RESULT_MS = 60_000;

let passed = 0;
let failed = 0;
function check(name, problems) {
  if (problems.length === 0) {
    passed++;
    return;
  }
  failed++;
  console.error(`failed: ${name}\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
}

function promtool(...args) {
  const { status, stderr, stdout } = spawnSync('promtool', args, {
    cwd: new URL('monitoring/', root),
    encoding: 'utf8',
  });
  return status === 0 ? [] : `${stdout}${stderr}`.trim().split('\n');
}

if (!hasPrometheus()) {
  console.log('skipped: prometheus and promtool are not on this machine (Debian: prometheus)');
  console.log('0 passed, 0 failed');
  // CI has everything that the checks need.
  process.exit(process.env.CI ? 1 : 0);
}
await buildAll({ ifNeeded: true, all: true });
check('the configuration', promtool('check', 'config', 'prometheus.yml'));
check('the rules', promtool('check', 'rules', 'alerts.rules.yml'));
check('the unit tests of the rules', promtool('test', 'rules', 'alerts.test.yml'));
checkAlerts();
await checkQueries();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** What promtool does not know: the annotations, and that each alert is tested both ways. */
function checkAlerts() {
  const tests = readFileSync(new URL('monitoring/alerts.test.yml', root), 'utf8');
  const page = new URL(OPERATIONS, root);
  const headings = existsSync(page) ? anchorsOf(readFileSync(page, 'utf8')) : undefined;
  if (headings === undefined)
    console.log(`${OPERATIONS} is not there: the headings of the runbook were not looked for`);
  for (const { alert, annotations = {}, labels = {} } of alerts()) {
    const problems = ['summary', 'description', 'runbook_url']
      .filter((name) => typeof annotations[name] !== 'string')
      .map((name) => `has no annotation ${name}`);
    if (!SEVERITIES.has(labels.severity)) problems.push(`has the severity ${labels.severity}`);
    const [path, heading] = (annotations.runbook_url ?? '').split('#');
    if (path !== OPERATIONS) problems.push(`leads to ${path}, which is not ${OPERATIONS}`);
    else if (headings?.has(heading) === false) problems.push(`leads to #${heading}, which ${OPERATIONS} does not have`);
    for (const how of ['fires', 'stays silent'])
      if (!tests.includes(`name: ${alert} ${how}\n`)) problems.push(`has no test that it ${how}`);
    check(`the alert ${alert}`, problems);
  }
}

async function checkQueries() {
  const { startMonitored } = await import('../dist/test/support/monitored.js');
  const monitored = await startMonitored();
  let prometheus;
  try {
    const texts = await Promise.all(
      monitored.targets.map(async (target) => (await fetch(`http://${target}/metrics`)).text()),
    );
    const series = seriesIn(texts);
    prometheus = await startPrometheus({ targets: monitored.targets, interval: '1s' });
    for (const { alert, expr } of alerts()) {
      const problems = missingFrom(series, expr);
      if (problems.length === 0) problems.push(...(await outcomeOf(prometheus, expr, false)));
      check(`the query of ${alert} in ${RULES}`, problems);
    }
    for (const { targets, title } of panels())
      for (const { expr } of targets) {
        const query = filledIn(expr);
        const problems = missingFrom(series, query.replaceAll('instance=~".*"', 'job="tandem"'));
        if (problems.length === 0) problems.push(...(await outcomeOf(prometheus, query, true)));
        check(`a query of “${title}” in ${DASHBOARD}`, problems);
      }
    const { groups } = await prometheus.ask('rules');
    for (const { rules } of groups)
      for (const { health, lastError, name } of rules)
        check(`the evaluation of ${name}`, health === 'err' ? [lastError] : []);
  } finally {
    await prometheus?.close();
    await monitored.close();
  }
}

/** Every series is there from the start, so a query of the dashboard has a result as soon as two scrapes are done. */
async function outcomeOf(prometheus, query, hasResult) {
  for (let waitedMs = 0; ; waitedMs += 250) {
    try {
      const { result } = await prometheus.ask('query', { query });
      if (!hasResult || result.length > 0) return [];
    } catch (error) {
      return [error.message, query];
    }
    if (waitedMs > RESULT_MS) return [`has no result: ${query}`];
    await pause(250);
  }
}

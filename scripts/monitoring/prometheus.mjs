// A real Prometheus with the project's configuration, for checks and pictures.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';

const monitoring = new URL('../../monitoring/', import.meta.url);
const START_MS = 30_000;

/** Whether the machine has Prometheus and its tool. */
export function hasPrometheus() {
  return ['prometheus', 'promtool'].every((command) => spawnSync(command, ['--version']).error === undefined);
}

/** Starts a Prometheus that scrapes `targets` as monitoring/prometheus.yml says, but at `interval`. */
export async function startPrometheus({ targets, interval }) {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-prometheus-'));
  const config = parse(readFileSync(new URL('prometheus.yml', monitoring), 'utf8'));
  config.global = { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval };
  config.rule_files = [new URL('alerts.rules.yml', monitoring).pathname];
  config.scrape_configs[0].static_configs = [{ targets }];
  writeFileSync(join(folder, 'prometheus.yml'), stringify(config));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let words = '';
  child.stderr.on('data', (data) => (words += data));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const ask = async (path, parameters = {}) => {
    const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const body = await answer.json();
    if (body.status !== 'success') throw new Error(`${body.errorType}: ${body.error}`);
    return body.data;
  };
  for (let waitedMs = 0; ; waitedMs += 100) {
    const isReady = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) break;
    if (child.exitCode !== null || waitedMs > START_MS) {
      await close();
      throw new Error(`Prometheus does not start: ${words.slice(0, 2000)}`);
    }
    await pause(100);
  }
  return { url, ask, close };
}

export function pause(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

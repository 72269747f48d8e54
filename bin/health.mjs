// Asks the gateway of this container whether it lives, for HEALTHCHECK. Exit code: 0 it does, 1 it does not. Slim images have no curl.
const { HOST = '', PORT = '' } = process.env;
const everywhere = ['', '0.0.0.0', '::'];
const host = everywhere.includes(HOST) ? '127.0.0.1' : HOST.includes(':') ? `[${HOST}]` : HOST;
const url = `http://${host}:${PORT || 8000}/health`;

try {
  const { status } = await fetch(url, { signal: AbortSignal.timeout(4000) });
  if (status !== 200) fail(`answered ${status}`);
} catch (error) {
  fail(`did not answer (${error.cause?.code ?? error.name})`);
}

function fail(what) {
  console.error(`${url} ${what}.`);
  process.exitCode = 1;
}

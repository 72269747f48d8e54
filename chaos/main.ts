import { parseArgs } from 'node:util';
import { useDotEnv } from '../src/process/dot-env.js';
import { skipWithoutRedis } from '../test/support/redis-server.js';
import { LANGUAGES } from './plan.js';
import { printReport } from './print.js';
import { runChaos } from './run.js';

const USAGE = `npm run chaos -- [--seed N] [--calls N] [--concurrent N] [--direct] [--only N] [--first N] [--speed N] [--alone] [--language L]
  --seed N        seed of the plan (default 1)
  --calls N       number of calls (default 2000)
  --concurrent N  maximum number of calls at the same time (default 50)
  --direct        use the direct bridge, not the pipeline
  --only N        run call N alone, without calamities, and print its story
  --first N       gateway that answers the first request, 0 or 1 (default 0); it decides the model of a call
  --speed N       maximum speed of call time, in times real time (default 3)
  --alone         use one gateway, without Redis
  --language L    language of the assistant and the callers, ${LANGUAGES.join(' or ')} (default en); the gateway has a voice
                  of its own for English only`;

useDotEnv(process.env);
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    calls: { type: 'string', default: '2000' },
    concurrent: { type: 'string', default: '50' },
    direct: { type: 'boolean', default: false },
    only: { type: 'string' },
    first: { type: 'string', default: '0' },
    speed: { type: 'string', default: '3' },
    alone: { type: 'boolean', default: false },
    language: { type: 'string', default: 'en' },
    help: { type: 'boolean', default: false },
  },
});
const language = LANGUAGES.find((known) => known === values.language);
if (values.help) {
  console.log(USAGE);
} else if (language === undefined) {
  console.error(`--language must be ${LANGUAGES.join(' or ')}.`);
  process.exitCode = 2;
} else {
  const isShared = !values.alone && skipWithoutRedis === false;
  if (!values.alone && !isShared)
    console.log('The Debian package redis-server is not installed, so the run has one gateway and no Redis.');
  const seed = Number(values.seed);
  let shownAtMs = performance.now();
  const report = await runChaos({
    seed,
    calls: Number(values.calls),
    concurrent: Number(values.concurrent),
    direct: values.direct,
    language,
    isShared,
    only: values.only === undefined ? undefined : Number(values.only),
    speed: Number(values.speed),
    askedFirst: Number(values.first),
    onProgress: (done, violations) => {
      if (performance.now() - shownAtMs < 15_000) return;
      shownAtMs = performance.now();
      console.error(`${done} calls, ${violations} with a violation`);
    },
  });
  process.exitCode = printReport(report, { seed, direct: values.direct, isStoryTold: values.only !== undefined })
    ? 0
    : 1;
}

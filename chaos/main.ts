import { parseArgs } from 'node:util';
import { skipWithoutRedis } from '../test/support/redis-server.js';
import { printReport } from './print.js';
import { runChaos } from './run.js';

const USAGE = `npm run chaos -- [--seed N] [--calls N] [--concurrent N] [--direct] [--only N] [--first N] [--speed N] [--alone]
  --only N    the call of this number alone, without what befalls everybody, with its story
  --first N   the gateway that is asked first, 0 or 1: the one that a call comes to decides which model it has
  --direct    through the direct bridge
  --speed N   call time runs at most so much faster
  --alone     one gateway without Redis`;

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
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
} else {
  const isShared = !values.alone && skipWithoutRedis === false;
  if (!values.alone && !isShared) console.log('Without the Debian package redis-server: one gateway, no Redis.');
  const seed = Number(values.seed);
  let shownAtMs = performance.now();
  const report = await runChaos({
    seed,
    calls: Number(values.calls),
    concurrent: Number(values.concurrent),
    direct: values.direct,
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

import { choiceOption, defineCommand, isEntry, numberOption, runCommand } from '../src/process/command-line.js';
import { openProgress, painter } from '../src/base/terminal.js';
import { skipWithoutRedis } from '../test/support/redis-server.js';
import { LANGUAGES } from './plan.js';
import { printReport } from './print.js';
import { runChaos } from './run.js';

const WHOLE = { whole: true };

export const command = defineCommand({
  name: 'chaos',
  does: 'Places calls to two gateways while everything goes wrong that can, and judges each call: nobody is left in silence or cut off.',
  options: {
    seed: { type: 'string', value: 'N', default: '1', about: 'seed of the plan' },
    calls: { type: 'string', value: 'N', default: '2000', about: 'number of calls' },
    concurrent: { type: 'string', value: 'N', default: '50', about: 'maximum number of calls at the same time' },
    direct: { type: 'boolean', about: 'uses the direct bridge, not the pipeline' },
    only: { type: 'string', value: 'N', about: 'runs call N alone, without calamities, and prints its story' },
    first: {
      type: 'string',
      value: 'N',
      default: '0',
      about: 'gateway that answers the first request, 0 or 1; it decides the model of a call',
    },
    speed: { type: 'string', value: 'N', default: '3', about: 'maximum speed of call time, in times real time' },
    alone: { type: 'boolean', about: 'uses one gateway, without Redis' },
    language: {
      type: 'string',
      value: LANGUAGES.join('|'),
      default: 'en',
      about: 'language of the assistant and the callers; the gateway has a voice of its own for English only',
    },
  },
  examples: ['--calls 200', '--seed 7 --direct', '--seed 7 --only 31'],
  notes: 'Exit code: 0 no call was treated wrongly, 1 one was.',
  run: async ({ values }) => {
    const language = choiceOption('language', values.language, LANGUAGES);
    const seed = numberOption('seed', values.seed, WHOLE);
    const calls = numberOption('calls', values.calls, { least: 1, ...WHOLE });
    const options = {
      seed,
      calls,
      concurrent: numberOption('concurrent', values.concurrent, { least: 1, ...WHOLE }),
      direct: values.direct,
      language,
      only: values.only === undefined ? undefined : numberOption('only', values.only, WHOLE),
      speed: numberOption('speed', values.speed, { least: 0.1 }),
      askedFirst: numberOption('first', values.first, { most: 1, ...WHOLE }),
    };
    const isShared = !values.alone && skipWithoutRedis === false;
    if (!values.alone && !isShared)
      console.log('The Debian package redis-server is not installed, so the run has one gateway and no Redis.');
    const progress = openProgress(process.stderr);
    const onProgress = (done: number, violations: number): void =>
      progress.show(`${done} of ${calls} calls, ${violations} with a violation`);
    const report = await runChaos({ ...options, isShared, onProgress });
    progress.end();
    const isGood = printReport(report, {
      seed,
      direct: values.direct,
      isStoryTold: values.only !== undefined,
      paint: painter(process.stdout, process.env),
    });
    return isGood ? 0 : 1;
  },
});

if (isEntry(import.meta.url)) await runCommand(command);

import { parseArgs } from 'node:util';
import { HEADING, type Mode, measure, row } from './measure.js';

/** `npm run load -- --calls N --seconds S [--mode pipeline|direct|relay]` */
const { values } = parseArgs({
  options: { calls: { type: 'string' }, seconds: { type: 'string' }, mode: { type: 'string' } },
});
const calls = Number(values.calls ?? '50');
const seconds = Number(values.seconds ?? '5');
const mode = values.mode ?? 'pipeline';
const isMode = (text: string): text is Mode => ['relay', 'pipeline', 'direct'].includes(text);
if (!Number.isInteger(calls) || calls < 1 || calls > 2000 || !(seconds > 0 && seconds <= 600) || !isMode(mode)) {
  console.error('Use: npm run load -- --calls N (1 to 2000) --seconds S (up to 600) [--mode pipeline|direct|relay]');
  process.exit(2);
}
console.log(HEADING);
console.log(row(await measure(mode, calls, seconds), undefined));

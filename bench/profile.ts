import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { choiceOption, defineCommand, isEntry, numberOption, runCommand } from '../src/process/command-line.js';
import { withProgress } from '../src/base/terminal.js';
import { type CpuProfile, flameGraph, framesOf, hottest } from './profile/flame-graph.js';
import { Load } from './side-by-side/load.js';
import { type Kind, SubjectProcess } from './side-by-side/subject.js';

const KINDS: readonly Kind[] = ['pipeline', 'direct', 'relay', 'agents'];
/** Before it, the compiler is what the picture shows. */
const WARM_UP_S = 15;
const SHOWN = 25;

export const command = defineCommand({
  name: 'profile',
  does: 'Holds simulated calls against a gateway of its own, and draws where its CPU goes as a flame graph.',
  options: {
    calls: { type: 'string', value: 'N', default: '150', about: 'number of calls, 1 to 1000' },
    seconds: { type: 'string', value: 'S', default: '10', about: 'length of the profile, up to 120' },
    mode: {
      type: 'string',
      value: KINDS.join('|'),
      default: 'pipeline',
      about: 'pipeline or direct bridge of the gateway, a bare relay, or the transport of the Agents SDK',
    },
    out: { type: 'string', value: 'file.svg', default: 'profile.svg', about: 'where to write the picture' },
  },
  examples: ['', '--mode direct --calls 300'],
  notes: `It needs an idle machine with two cores or more, and takes ${WARM_UP_S + 5} seconds longer than the profile.`,
  run: async ({ values }) => {
    const calls = numberOption('calls', values.calls, { least: 1, most: 1000, whole: true });
    const seconds = numberOption('seconds', values.seconds, { least: 1, most: 120 });
    const mode = choiceOption('mode', values.mode, KINDS);
    const profile = await withProgress(
      process.stderr,
      (so) => `${calls} calls, ${so} s of about ${WARM_UP_S + seconds + 5} s`,
      () => profileOf(mode, calls, seconds),
    );
    const root = framesOf(profile);
    writeFileSync(values.out, flameGraph(root, `${mode}, ${calls} calls, ${seconds} s: where the CPU goes`));
    for (const { name, origin, share } of hottest(root, SHOWN))
      console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name} (${origin})`);
    console.log(`The picture is in ${values.out}.`);
    return 0;
  },
});

async function profileOf(mode: Kind, calls: number, seconds: number): Promise<CpuProfile> {
  const load = await Load.start();
  const subject = await SubjectProcess.start(mode, load.modelUrl);
  await load.open(calls, subject.address);
  await sleep(WARM_UP_S * 1000);
  await subject.startProfile();
  await sleep(seconds * 1000);
  const profile = await subject.profile();
  await load.hangUp();
  await subject.stop();
  load.stop();
  return profile;
}

if (isEntry(import.meta.url)) await runCommand(command);

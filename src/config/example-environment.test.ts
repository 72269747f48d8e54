import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readConfig } from './config.js';
import { VARIABLES, exampleEnvironment } from './variables.js';
import type { Variable } from './variables/variable.js';

test('.env.example is up to date, and every setting in it is commented out', () => {
  const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
  assert.equal(text, exampleEnvironment());
  for (const group of Object.values(VARIABLES)) {
    for (const name of Object.keys(group)) assert.match(text, new RegExp(`^#${name}=`, 'm'));
  }
  assert.ok(text.split('\n').every((line) => line === '' || line.startsWith('#')));
});

test('.env.example shows the default that the gateway uses for every setting that has one', () => {
  const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
  const shown = new Map([...text.matchAll(/^#(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
  const settings: [string, Variable][] = Object.values(VARIABLES).flatMap((group) => Object.entries(group));
  assert.deepEqual(
    [...shown.keys()],
    settings.map(([name]) => name),
  );
  const withDefault = settings.filter(([, setting]) => setting.default !== undefined).map(([name]) => name);
  assert.ok(withDefault.length > 35, `${withDefault.length} settings have a default`);
  const environments: Record<string, string>[] = [
    {},
    { OPENAI_TURN_DETECTION: 'semantic_vad' },
    { ENABLE_HUBSPOT: 'true', HUBSPOT_ACCESS_TOKEN: 'pat-na1-1' },
  ];
  for (const env of environments) {
    const unset = readConfig(env);
    for (const name of withDefault) {
      assert.deepEqual(readConfig({ [name]: shown.get(name) ?? '', ...env }), unset, name);
    }
  }
});

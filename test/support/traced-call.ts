import { z } from 'zod';
import { TandemError } from '../../src/base/errors.js';
import { defineTool } from '../../src/voice/tools.js';
import { Scene } from './handover-scene.js';
import { type Rig, until } from './rig.js';
import type { ScriptedProvider } from './scripted-provider.js';

/** Values on the traced call that no trace may hold. */
export const PRIVATE = {
  order: '88-4711-2222',
  digits: '90210',
  result: 'in a warehouse near Leipzig',
} as const;

/** The tool of the traced call. Its arguments and its result are the caller's. */
export const ORDER_STATUS = defineTool({
  name: 'order_status',
  description: 'Says where an order is.',
  parameters: z.object({ order: z.string() }),
  run: () => Promise.resolve({ where: PRIVATE.result }),
});

/**
 * For tests of traces: a call whose caller interrupts the assistant, asks for something that takes a tool, presses keys, loses
 * their model, and is handed to an agent by the next one.
 */
export async function playTracedCall(rig: Rig, second: ScriptedProvider): Promise<Scene> {
  const scene = new Scene(rig);
  const counted = (type: 'barge-in' | 'model-speech' | 'tool-done'): number => scene.events(type).length;
  await scene.talking();
  const { last: model } = rig.provider;
  await until(() => counted('model-speech') > 0, 'the greeting');

  model.emit({ type: 'caller-speech-started' });
  model.emit({ type: 'caller-speech-stopped' });
  model.speak('Our shops open at nine in the morning and close at eight in the evening.', 6000);
  await until(() => scene.call.mediaStream !== undefined && isPlaying(scene), 'the answer is heard');
  model.callerSays(`No, where is my order ${PRIVATE.order}?`);
  await until(() => counted('barge-in') > 0, 'the interruption');
  model.emit({ type: 'usage', inputTokens: 150, outputTokens: 40 });

  model.emit({
    type: 'tool-call',
    toolCallId: 'call-1',
    name: ORDER_STATUS.name,
    arguments: { order: PRIVATE.order },
  });
  await until(() => counted('tool-done') > 0, 'the tool');
  model.speak(`Your order is ${PRIVATE.result} today.`, 400);
  model.emit({ type: 'usage', inputTokens: 210, outputTokens: 25 });
  await until(() => counted('model-speech') > 2, 'the second answer');
  for (const digit of PRIVATE.digits) scene.call.pressDigit(digit);

  model.emit({ type: 'failed', error: new TandemError('VOICE_REFUSED', 'The test ends it.') });
  await until(() => second.sessions.length === 1, 'the second provider');
  await until(() => counted('model-speech') > 3, 'the line of the second provider');
  second.last.callerSays('I want to speak to a human agent.');
  await until(() => scene.isBridged, 'the agent');
  return scene;
}

/** Whether some of the second item has been played, so that an interruption cuts it. */
function isPlaying(scene: Scene): boolean {
  return scene.events('answered').length > 0;
}

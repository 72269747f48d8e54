import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callTool, scriptedBrain } from '../../../sim/model/script.js';
import { withNova } from '../../../test/support/nova-rig.js';
import { until } from '../../../test/support/rig.js';

const TOOL = { name: 'look_up', description: 'Looks up an order.', parameters: { type: 'object', properties: {} } };

for (const doubleEncodeToolUse of [false, true]) {
  test(`a tool call of Nova is reported and answered${doubleEncodeToolUse ? ', with arguments encoded twice' : ''}`, async () => {
    const sim = {
      doubleEncodeToolUse,
      brain: scriptedBrain(['Welcome.', [callTool('look_up', { id: '4711' })], 'It is on its way.']),
    };
    await withNova({ sim }, async ({ anomalies, open, seen }) => {
      const call = open({ tools: [TOOL] });
      call.onEvent = (event) => {
        if (event.type === 'tool-call') call.session.sendToolResult(event.toolCallId, { status: 'sent' });
      };
      await call.response(1);
      call.session.sendText('Where is order 4711?');
      await call.response(2);
      const [used] = call.of('tool-call');
      assert.deepEqual([used?.name, used?.arguments], ['look_up', { id: '4711' }]);
      assert.deepEqual(
        seen().toolResults.map(({ content, toolUseId }) => [toolUseId, content]),
        [[used?.toolCallId, '{"status":"sent"}']],
      );
      assert.deepEqual(anomalies, []);

      call.session.sendToolResult(used?.toolCallId ?? '', { status: 'again' });
      call.session.sendToolResult('nobody-asked', { status: 'ok' });
      call.session.sendText('Thanks.');
      await until(() => seen().typed.length === 3, 'the session continues');
      assert.deepEqual(anomalies, ['unknown-tool-call', 'unknown-tool-call']);
      assert.equal(seen().toolResults.length, 1);
      assert.equal(seen().end, undefined);
    });
  });
}

test('a tool call of Nova with unreadable arguments is answered by the session itself', async () => {
  const sim = { brain: scriptedBrain(['Welcome.', [callTool('look_up', '{"id":')], 'Sorry.']) };
  await withNova({ sim }, async ({ anomalies, open, seen }) => {
    const call = open({ tools: [TOOL] });
    await call.response(1);
    call.session.sendText('Where is order 4711?');
    await call.response(2);
    assert.deepEqual(call.of('tool-call'), []);
    assert.match(seen().toolResults[0]?.content ?? '', /^\{"error":/);
    assert.deepEqual(anomalies, ['unreadable-tool-call']);
  });
});

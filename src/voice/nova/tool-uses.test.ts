import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ToolUses, toolResultText } from './tool-uses.js';

function use(content: string, toolUseId = 'u'): Parameters<ToolUses['announced']>[0] {
  return { contentId: `content-${toolUseId}`, toolUseId, name: 'look_up', content };
}

function argumentsOf(content: string): unknown {
  const tools = new ToolUses();
  tools.announced(use(content));
  const { calls, unreadable } = tools.ended('content-u');
  return unreadable.length > 0 ? 'unreadable' : calls[0]?.arguments;
}

describe('tool uses of Nova', () => {
  it('tool arguments of Nova are read, encoded once or twice', () => {
    assert.deepEqual(argumentsOf('{"id":4711}'), { id: 4711 });
    assert.deepEqual(argumentsOf(JSON.stringify('{"id":4711}')), { id: 4711 });
    assert.deepEqual(argumentsOf(''), {});
    for (const content of ['{', '4711', '[1]', 'null', JSON.stringify(JSON.stringify('{"id":4711}'))]) {
      assert.equal(argumentsOf(content), 'unreadable', content);
    }
  });

  it('a tool call of Nova is made once, when its block has ended', () => {
    const tools = new ToolUses();
    assert.equal(tools.announced(use('{}')), true);
    assert.equal(tools.announced(use('{}')), false);
    assert.deepEqual(tools.ended('another').calls, []);
    assert.equal(tools.answered('u'), false, 'not asked yet');
    assert.equal(tools.ended('content-u').calls.length, 1);
    assert.deepEqual(tools.ended().calls, []);
  });

  it('a tool call of Nova is answered exactly once', () => {
    const tools = new ToolUses();
    tools.announced(use('{}', 'one'));
    tools.announced(use('{}', 'two'));
    assert.equal(tools.ended().calls.length, 2);
    assert.equal(tools.answered('one'), true);
    assert.equal(tools.answered('one'), false);
    assert.equal(tools.answered('three'), false);
    assert.equal(tools.isWaiting, true);
    assert.equal(tools.answered('two'), true);
    assert.equal(tools.isWaiting, false);
  });

  it('a tool result for Nova is a JSON object as text, whatever the tool returned', () => {
    assert.equal(toolResultText({ status: 'ok' }), '{"status":"ok"}');
    assert.equal(toolResultText('fine'), '{"result":"fine"}');
    assert.equal(toolResultText([1]), '{"result":[1]}');
    assert.equal(toolResultText(undefined), '{"result":null}');
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    assert.match(toolResultText(circular), /^\{"error":/);
  });
});

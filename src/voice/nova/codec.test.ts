import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { InputEvents } from './input-events.js';
import { type OutputEvent, parseOutput } from './output-events.js';

const events = new InputEvents({ promptName: 'p', audioName: 'a' });

function bodyOf(json: string, name: string): Record<string, unknown> {
  const message = JSON.parse(json) as { event: Record<string, Record<string, unknown>> };
  assert.deepEqual(Object.keys(message), ['event']);
  assert.deepEqual(Object.keys(message.event), [name]);
  return message.event[name] ?? {};
}

function parse(name: string, fields: unknown): OutputEvent {
  const parsed = parseOutput(Buffer.from(JSON.stringify({ event: { [name]: fields } })));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.event;
}

function anomalyOf(text: string): string {
  const parsed = parseOutput(Buffer.from(text));
  return parsed.ok ? 'none' : parsed.anomaly;
}

describe('Nova input events', () => {
  it('the start of a Nova session leaves the endpointing to the service if none is set', () => {
    const body = bodyOf(events.sessionStart({ maxTokens: 4096, endpointingSensitivity: undefined }), 'sessionStart');
    assert.deepEqual(Object.keys(body), ['inferenceConfiguration']);
  });

  it('the start of a Nova session nests the endpointing sensitivity', () => {
    const body = bodyOf(events.sessionStart({ maxTokens: 4096, endpointingSensitivity: 'HIGH' }), 'sessionStart');
    assert.deepEqual(body['turnDetectionConfiguration'], { endpointingSensitivity: 'HIGH' });
    assert.equal((body['inferenceConfiguration'] as { maxTokens: number }).maxTokens, 4096);
  });

  it('a Nova prompt declares 8 kHz linear PCM in both directions', () => {
    const out = bodyOf(events.promptStart({ voice: 'amy', tools: [] }), 'promptStart')['audioOutputConfiguration'];
    const input = bodyOf(events.audioStart(), 'contentStart')['audioInputConfiguration'];
    const format = {
      mediaType: 'audio/lpcm',
      sampleRateHertz: 8000,
      sampleSizeBits: 16,
      channelCount: 1,
      audioType: 'SPEECH',
      encoding: 'base64',
    };
    assert.deepEqual(out, { ...format, voiceId: 'amy' });
    assert.deepEqual(input, format);
  });

  it('a Nova prompt has no tool fields without tools, and their schemas as text with them', () => {
    const without = bodyOf(events.promptStart({ voice: 'amy', tools: [] }), 'promptStart');
    assert.equal('toolConfiguration' in without || 'toolUseOutputConfiguration' in without, false);
    const parameters = { type: 'object', properties: {} };
    const tools = [{ name: 'look_up', description: 'Looks up.', parameters }];
    const body = bodyOf(events.promptStart({ voice: 'amy', tools }), 'promptStart');
    const json = JSON.stringify(parameters);
    assert.deepEqual(body['toolConfiguration'], {
      tools: [{ toolSpec: { name: 'look_up', description: 'Looks up.', inputSchema: { json } } }],
      toolChoice: { auto: {} },
    });
    assert.deepEqual(body['toolUseOutputConfiguration'], { mediaType: 'application/json' });
  });

  it('a text block for Nova is start, texts and end', () => {
    const block = events.textBlock('c', 'USER', ['one "quoted" ', 'two'], true);
    assert.deepEqual(
      block.map((event) => Object.keys((JSON.parse(event) as { event: object }).event)[0]),
      ['contentStart', 'textInput', 'textInput', 'contentEnd'],
    );
    const start = bodyOf(block[0] ?? '', 'contentStart');
    assert.deepEqual([start['interactive'], start['role'], start['type']], [true, 'USER', 'TEXT']);
    assert.deepEqual(bodyOf(block[1] ?? '', 'textInput'), {
      promptName: 'p',
      contentName: 'c',
      content: 'one "quoted" ',
    });
  });

  it('an audio event for Nova that is built by hand is valid JSON', () => {
    assert.deepEqual(bodyOf(events.audio('AAA='), 'audioInput'), {
      promptName: 'p',
      contentName: 'a',
      content: 'AAA=',
    });
  });

  it('a tool result for Nova is a block of its own', () => {
    const [start, result, end] = events.toolResultBlock('t', 'use-1', '{"status":"ok"}');
    assert.deepEqual(bodyOf(start ?? '', 'contentStart')['toolResultInputConfiguration'], {
      toolUseId: 'use-1',
      type: 'TEXT',
      textInputConfiguration: { mediaType: 'text/plain' },
    });
    assert.equal(bodyOf(result ?? '', 'toolResult')['content'], '{"status":"ok"}');
    assert.deepEqual(bodyOf(end ?? '', 'contentEnd'), { promptName: 'p', contentName: 't' });
  });

  it('a Nova session ends audio, prompt and session in this order', () => {
    const [content, prompt, session] = events.ending();
    assert.deepEqual(bodyOf(content ?? '', 'contentEnd'), { promptName: 'p', contentName: 'a' });
    assert.deepEqual(bodyOf(prompt ?? '', 'promptEnd'), { promptName: 'p' });
    assert.deepEqual(bodyOf(session ?? '', 'sessionEnd'), {});
  });
});

describe('Nova output events', () => {
  it('a text of Nova that will be spoken is told from one that was spoken', () => {
    const start = (stage: string): unknown => ({
      contentId: 'c',
      type: 'TEXT',
      role: 'ASSISTANT',
      additionalModelFields: JSON.stringify({ generationStage: stage }),
    });
    const kindOf = (stage: string): unknown => {
      const event = parse('contentStart', start(stage));
      return event.type === 'content-start' ? event.kind : undefined;
    };
    assert.deepEqual(kindOf('SPECULATIVE'), { type: 'text', role: 'assistant', speculative: true });
    assert.deepEqual(kindOf('FINAL'), { type: 'text', role: 'assistant', speculative: false });
  });

  it('the sample rate of Nova audio is read from its start', () => {
    assert.deepEqual(
      parse('contentStart', {
        contentId: 'c',
        type: 'AUDIO',
        role: 'ASSISTANT',
        audioOutputConfiguration: { sampleRateHertz: 24000 },
      }),
      { type: 'content-start', contentId: 'c', kind: { type: 'audio', sampleRateHz: 24000 } },
    );
  });

  it('the interruption marker of Nova is found in a text with any spacing', () => {
    for (const content of ['{ "interrupted" : true }', '{"interrupted":true}']) {
      assert.deepEqual(parse('textOutput', { contentId: 'c', content }), { type: 'interrupted', contentId: 'c' });
    }
    for (const content of ['I was interrupted', '{ "interrupted" : false }', '"interrupted"']) {
      assert.deepEqual(parse('textOutput', { contentId: 'c', content }), {
        type: 'text',
        contentId: 'c',
        text: content,
      });
    }
  });

  it('the usage of Nova counts speech and text tokens of the whole session', () => {
    assert.deepEqual(
      parse('usageEvent', {
        details: {
          delta: { input: { speechTokens: 1, textTokens: 1 }, output: { speechTokens: 1, textTokens: 1 } },
          total: { input: { speechTokens: 10, textTokens: 5 }, output: { speechTokens: 7, textTokens: 2 } },
        },
        totalInputTokens: 15,
        totalOutputTokens: 9,
      }),
      { type: 'usage', inputTokens: 15, outputTokens: 9 },
    );
    assert.deepEqual(parse('usageEvent', { totalInputTokens: 3, totalOutputTokens: 4 }), {
      type: 'usage',
      inputTokens: 3,
      outputTokens: 4,
    });
  });

  it('tool uses and content ends of Nova are parsed', () => {
    assert.deepEqual(
      parse('toolUse', { contentId: 'c', toolName: 'end_call', toolUseId: 'u', content: '{"reason":"done"}' }),
      { type: 'tool-use', contentId: 'c', toolUseId: 'u', name: 'end_call', content: '{"reason":"done"}' },
    );
    assert.deepEqual(parse('contentEnd', { contentId: 'c', stopReason: 'END_TURN' }), {
      type: 'content-end',
      contentId: 'c',
      stopReason: 'END_TURN',
    });
    assert.deepEqual(parse('contentEnd', { contentId: 'c', stopReason: 'NEWS' }), {
      type: 'content-end',
      contentId: 'c',
      stopReason: 'other',
    });
  });

  it("the events of the caller's speech and of a completion are known", () => {
    assert.deepEqual(parse('userSpeechStart', { inputAudioOffsetMs: 640 }), { type: 'speech-started' });
    const end = { inputAudioOffsetMs: 1640, inputAudioDetectionOffsetMs: 2140 };
    assert.deepEqual(parse('userSpeechEnd', end), { type: 'other' });
    assert.deepEqual(parse('completionEnd', { stopReason: 'END_TURN' }), { type: 'completion-end' });
    const text = { contentId: 'c', role: 'USER', content: 'Hi.' };
    assert.deepEqual(parse('textOutput', text), { type: 'text', contentId: 'c', text: 'Hi.' });
    assert.deepEqual(parse('contentEnd', { contentId: 'c', type: 'TEXT', stopReason: 'PARTIAL_TURN' }), {
      type: 'content-end',
      contentId: 'c',
      stopReason: 'PARTIAL_TURN',
    });
  });

  it('unknown and damaged events of Nova are counted under their names', () => {
    assert.equal(anomalyOf('{"event":{"somethingNew":{}}}'), 'unknown-event');
    assert.equal(anomalyOf('{"event":{"constructor":{}}}'), 'unknown-event');
    assert.equal(anomalyOf('{"event":{"__proto__":{}}}'), 'unknown-event');
    for (const text of [
      '',
      'null',
      '[]',
      '{"event":[]}',
      '{"event":{"textOutput":{}}}',
      '{"event":{"audioOutput":1}}',
    ]) {
      assert.equal(anomalyOf(text), 'malformed-event', text);
    }
    assert.equal(anomalyOf('{"event":{"contentStart":{"contentId":"c","type":"VIDEO"}}}'), 'malformed-event');
  });

  it('no input makes the codec of Nova events throw', () => {
    const names = ['contentStart', 'textOutput', 'audioOutput', 'toolUse', 'contentEnd', 'usageEvent'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, fields) => {
        parseOutput(Buffer.from(JSON.stringify({ event: { [name]: fields } })));
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseOutput(bytes)));
  });
});

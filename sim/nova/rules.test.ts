import assert from 'node:assert/strict';
import { type TestContext, after, before, describe, test } from 'node:test';
import { AUDIO, PROMPT, toolSpec } from '../../test/support/nova-client.js';
import { TestSim } from '../../test/support/nova-line.js';
import { WireClient } from '../../test/support/nova-wire-client.js';
import { until } from '../../test/support/rig.js';
import { callTool, scriptedBrain } from '../model/script.js';
import { type NovaSim, type NovaSimOptions, startNovaSim } from './nova-sim.js';
import type { SessionRecording } from './recording.js';
import { FORMER_TEXT_LIMITS, TEXT_LIMITS } from './rules.js';

type Script = (client: WireClient) => void;

/** `[what is refused, what the client does, the message of the ValidationException]` */
type Refusal = [string, Script, RegExp];

const setUp: Script = (client) => {
  client.startSession();
  client.startPrompt();
};
const withSystem: Script = (client) => {
  setUp(client);
  client.text('SYSTEM', 'Be kind.');
};
const streaming: Script = (client) => {
  client.begin();
  client.silence(20);
};
const chain =
  (before: Script, then: Script): Script =>
  (client) => {
    before(client);
    then(client);
  };

const session =
  (extra: Record<string, unknown>): Script =>
  (client) =>
    client.startSession(extra);
const prompt = (extra: Record<string, unknown>, audio: Record<string, unknown> = {}): Script =>
  chain(
    (client) => client.startSession(),
    (client) => client.startPrompt(extra, audio),
  );
const tools = (list: unknown[], extra: Record<string, unknown> = {}): Script =>
  prompt({
    toolUseOutputConfiguration: { mediaType: 'application/json' },
    toolConfiguration: { tools: list, ...extra },
  });
const audioContent = (extra: Record<string, unknown>): Script =>
  chain(withSystem, (client) => client.startAudio(extra));

const INVALID = 'Invalid input request, please fix your input and try again: ';

const refusals: Record<string, Refusal[]> = {
  session: [
    ['anything before sessionStart', (client) => client.startPrompt(), /promptStart must follow sessionStart/],
    ['a second sessionStart', chain(setUp, (client) => client.startSession()), /sessionStart must be the first/],
    [
      'the flat endpointingSensitivity of the first model',
      session({ turnDetectionConfiguration: undefined, endpointingSensitivity: 'HIGH' }),
      /#\/event\/sessionStart: extraneous key \[endpointingSensitivity\] is not permitted/,
    ],
    [
      'an unknown sensitivity',
      session({ turnDetectionConfiguration: { endpointingSensitivity: 'high' } }),
      /endpointing/,
    ],
    ['a maxTokens of 0', session({ inferenceConfiguration: { maxTokens: 0 } }), /maxTokens/],
    ['a maxTokens above 10,000', session({ inferenceConfiguration: { maxTokens: 10_001 } }), /maxTokens/],
    ['a temperature above 1', session({ inferenceConfiguration: { temperature: 1.1 } }), /temperature/],
    ['sessionEnd before promptEnd', chain(streaming, (client) => client.send('sessionEnd', {})), /All prompts must be/],
    ['sessionEnd without a prompt', chain(session({}), (client) => client.send('sessionEnd', {})), /follow promptEnd/],
    [
      'anything after sessionEnd',
      chain(streaming, (client) => {
        client.leave();
        client.silence(20);
      }),
      /audioInput is only allowed between promptStart and promptEnd/,
    ],
  ],
  prompt: [
    ['a second promptStart', chain(setUp, (client) => client.startPrompt()), /promptStart must follow sessionStart/],
    ['an empty promptName', prompt({ promptName: '' }), /promptName/],
    ['mu-law', prompt({}, { mediaType: 'audio/mulaw' }), /mediaType/],
    ['an unsupported rate', prompt({}, { sampleRateHertz: 44_100 }), /sampleRateHertz/],
    ['8-bit samples', prompt({}, { sampleSizeBits: 8 }), /sampleSizeBits/],
    ['stereo', prompt({}, { channelCount: 2 }), /channelCount/],
    ['an unknown voice', prompt({}, { voiceId: 'greta' }), /the voiceId is not supported/],
    ['an unsupported text type', prompt({ textOutputConfiguration: { mediaType: 'text/html' } }), /mediaType/],
    ['an empty list of tools', tools([]), /tools/],
    ['an inputSchema that is an object', tools([toolSpec('a', {} as string)]), /inputSchema\/json/],
    ['an inputSchema that is not JSON', tools([toolSpec('a', '{')]), /inputSchema of tool a is not a JSON object/],
    ['a tool name with spaces', tools([toolSpec('a b')]), /toolSpec\/name/],
    ['two tools of one name', tools([toolSpec('a'), toolSpec('a')]), /tool a is there twice/],
    ['toolChoice none', tools([toolSpec('a')], { toolChoice: { none: {} } }), /toolChoice/],
    ['toolChoice of another tool', tools([toolSpec('a')], { toolChoice: { tool: { name: 'b' } } }), /names a tool/],
    ['tools without their output type', prompt({ toolConfiguration: { tools: [toolSpec('a')] } }), /toolUseOutput/],
    [
      'promptEnd with another promptName',
      chain(setUp, (client) => client.send('promptEnd', { promptName: 'other' })),
      /the promptName is not that of an open prompt/,
    ],
    [
      'promptEnd with a content open',
      chain(streaming, (client) => client.send('promptEnd', { promptName: PROMPT })),
      /^All contents must be closed before ending prompt$/,
    ],
    [
      'promptEnd without audio',
      chain(withSystem, (client) => client.send('promptEnd', { promptName: PROMPT })),
      /needs an audio content/,
    ],
  ],
  text: [
    ['history before SYSTEM', chain(setUp, (client) => client.text('USER', 'hi')), /must be its SYSTEM text/],
    ['audio before SYSTEM', chain(setUp, (client) => client.startAudio()), /must be its SYSTEM text/],
    [
      'a second SYSTEM text',
      chain(withSystem, (client) => client.text('SYSTEM', 'More.')),
      /^Duplicate SYSTEM content/,
    ],
    [
      'a second SYSTEM text after audio',
      chain(streaming, (client) => client.text('SYSTEM', 'x', true)),
      /^Duplicate SYSTEM/,
    ],
    ['history that starts with ASSISTANT', chain(withSystem, (client) => client.text('ASSISTANT', 'hi')), /start with/],
    [
      'roles that do not alternate',
      chain(withSystem, (client) => {
        client.text('USER', 'a');
        client.text('USER', 'b');
      }),
      /must alternate/,
    ],
    [
      'interactive history',
      chain(withSystem, (client) => client.text('USER', 'a', true)),
      /only allowed after the audio/,
    ],
    [
      'history after audio',
      chain(streaming, (client) => client.text('USER', 'a')),
      /^Chat history should be sent compl/,
    ],
    ['interactive ASSISTANT text', chain(streaming, (client) => client.text('ASSISTANT', 'a', true)), /role USER/],
    [
      'SYSTEM_SPEECH after history',
      chain(withSystem, (client) => {
        client.text('USER', 'a');
        client.text('SYSTEM_SPEECH', 'b');
      }),
      /must follow the SYSTEM text/,
    ],
    ['an unknown role', chain(setUp, (client) => client.text('DEVELOPER', 'a')), /contentStart\/role/],
    [
      'a message above 50 KB',
      chain(withSystem, (client) => client.text('USER', 'ä'.repeat(25_601))),
      /a message is too long/,
    ],
    [
      'a history above 200 KB',
      chain(withSystem, (client) => {
        for (let at = 0; at < 5; at++) client.text(at % 2 === 0 ? 'USER' : 'ASSISTANT', 'a'.repeat(50_000));
      }),
      /^Chat history is over max limit$/,
    ],
    [
      'a history of more than 40 blocks',
      chain(withSystem, (client) => {
        for (let at = 0; at < 41; at++) client.text(at % 2 === 0 ? 'USER' : 'ASSISTANT', 'a');
      }),
      /^Chat history is over max limit$/,
    ],
    [
      'interactive text after the audio content has ended',
      chain(streaming, (client) => {
        client.endContent(AUDIO);
        client.text('USER', 'a', true);
      }),
      /needs an open audio content/,
    ],
  ],
  content: [
    ['an unknown contentName', chain(setUp, (client) => client.endContent('other')), /the contentName is not that/],
    [
      'a contentName used before',
      chain(setUp, (client) => {
        const name = client.startText('SYSTEM');
        client.send('textInput', { promptName: PROMPT, contentName: name, content: 'a' });
        client.endContent(name);
        client.startText('USER', false, name);
      }),
      /was used before/,
    ],
    [
      'a content within a content',
      chain(setUp, (client) => {
        client.startText('SYSTEM');
        client.startText('USER');
      }),
      /must end before the next one starts/,
    ],
    [
      'the end of an empty text',
      chain(setUp, (client) => client.endContent(client.startText('SYSTEM', false, 'S'))),
      /^Cannot end content S as no content data was received$/,
    ],
    [
      'text in audio',
      chain(streaming, (client) => client.send('textInput', { promptName: PROMPT, contentName: AUDIO, content: 'a' })),
      /textInput is only allowed in a TEXT/,
    ],
    [
      'an unknown content type',
      chain(setUp, (client) => client.send('contentStart', { type: 'VIDEO' })),
      /contentStart\/type/,
    ],
  ],
  audio: [
    [
      'a second audio content',
      chain(streaming, (client) => client.startAudio({}, 'audio-2')),
      /only one audio content/,
    ],
    [
      'a second audio content after the end of the first',
      chain(streaming, (client) => {
        client.endContent(AUDIO);
        client.startAudio({}, 'audio-2');
      }),
      /only one audio content/,
    ],
    ['an unsupported rate', audioContent({ sampleRateHertz: 11_025 }), /sampleRateHertz/],
    ['mu-law', audioContent({ mediaType: 'audio/basic' }), /mediaType/],
    ['audio with half a sample', chain(streaming, (client) => client.audio('AAAA')), /whole 16-bit samples/],
    ['empty audio', chain(streaming, (client) => client.audio('')), /whole 16-bit samples/],
    ['audio that is not base64', chain(streaming, (client) => client.audio('@@@@')), /not base64/],
    ['base64 without padding', chain(streaming, (client) => client.audio('AAA')), /not base64/],
    [
      'audio inside a text',
      chain(streaming, (client) => {
        client.startText('USER', true);
        client.silence(20);
      }),
      /^Chat history should be sent completely before streaming audio$/,
    ],
    [
      'the end of an audio content that is empty',
      chain(withSystem, (client) => {
        client.startAudio();
        client.endContent(AUDIO);
      }),
      /^Cannot end content audio-1 as no content data was received$/,
    ],
    [
      'audio after its end',
      chain(streaming, (client) => {
        client.endContent(AUDIO);
        client.silence(20);
      }),
      /the contentName is not that of an open content/,
    ],
  ],
  tools: [['a result without a tool use', chain(streaming, (client) => client.toolResult('other', '{}')), /toolUseId/]],
};

describe('simulated Nova: inputs that are refused', () => {
  let sim: NovaSim;
  before(async () => {
    sim = await startNovaSim({ replyDelayMs: 0 });
  });
  after(() => sim.close());

  const exceptionAfter = async (script: Script): Promise<string> => {
    const before = sim.sessions.length;
    const client = new WireClient(sim.url);
    script(client);
    const session = () => sim.sessions[before];
    await until(() => session()?.end !== undefined || session()?.inputs.length === client.sent, 'all inputs');
    if (session()?.end !== undefined) await client.ended;
    client.close();
    assert.equal(client.exception?.type, 'validationException');
    assert.equal(client.exception.message, messageOf(session()));
    return client.exception.message;
  };

  for (const [group, cases] of Object.entries(refusals))
    for (const [what, script, message] of cases)
      test(`Nova’s ${group} rules refuse ${what}`, async () => {
        const got = await exceptionAfter(script);
        assert.match(got.replace(INVALID, ''), message);
      });
});

function messageOf(session: SessionRecording | undefined): string | undefined {
  return session?.end?.type === 'exception' ? session.end.message : undefined;
}

describe('simulated Nova: inputs that are taken', () => {
  const run = async (t: TestContext, script: Script, options: NovaSimOptions = {}) => {
    const sim = await TestSim.start(t, options);
    const client = sim.connect();
    script(client);
    await until(
      () => sim.sessions[0]?.end !== undefined || sim.sessions[0]?.inputs.length === client.sent,
      'all inputs',
    );
    const [session] = sim.sessions;
    return { message: messageOf(session), session };
  };

  test('Nova accepts a history, SYSTEM_SPEECH, every rate and a tool choice, and records them', async (t) => {
    const { message, session: got } = await run(t, (client) => {
      client.startSession({ turnDetectionConfiguration: undefined, inferenceConfiguration: { maxTokens: 10_000 } });
      client.startPrompt(
        {
          toolUseOutputConfiguration: { mediaType: 'application/json' },
          toolConfiguration: { tools: [toolSpec('look_up')], toolChoice: { tool: { name: 'look_up' } } },
        },
        { sampleRateHertz: 24_000, voiceId: 'tiffany' },
      );
      const system = client.startText('SYSTEM');
      for (const content of ['Be ', 'kind.'])
        client.send('textInput', { promptName: PROMPT, contentName: system, content });
      client.endContent(system);
      client.text('SYSTEM_SPEECH', 'x');
      client.text('USER', 'My name is Ada.');
      client.text('ASSISTANT', 'Hello Ada.');
      client.startAudio({ sampleRateHertz: 16_000 });
      client.audio(Buffer.alloc(640).toString('base64'));
    });
    assert.equal(message, undefined);
    assert.equal(got?.instructions, 'Be kind.');
    assert.deepEqual(got.history, [
      { role: 'user', text: 'My name is Ada.' },
      { role: 'assistant', text: 'Hello Ada.' },
    ]);
    assert.equal(got.voiceId, 'tiffany');
    assert.deepEqual(
      got.tools.map(({ name, parameters }) => [name, parameters]),
      [['look_up', { type: 'object', properties: {} }]],
    );
    assert.deepEqual([got.audio.pcm.length, got.audio.sampleRateHz, got.audio.durationMs], [640, 16_000, 20]);
    assert.equal(got.inputs.at(-1)?.body['content'], '640 bytes');
  });

  test('Nova accepts a history of 40 blocks, or of any number if it is told to', async (t) => {
    const blocks =
      (count: number): Script =>
      (client) => {
        withSystem(client);
        for (let at = 0; at < count; at++) client.text(at % 2 === 0 ? 'USER' : 'ASSISTANT', 'a');
      };
    assert.equal((await run(t, blocks(40))).session?.history.length, 40);
    const textLimits = { ...TEXT_LIMITS, historyBlocks: Infinity };
    assert.equal((await run(t, blocks(60), { textLimits })).session?.history.length, 60);
  });

  test('the history limits can be set to the former ones', async (t) => {
    const long: Script = chain(withSystem, (client) => client.text('USER', 'a'.repeat(1025)));
    assert.equal((await run(t, long)).message, undefined);
    const { message } = await run(t, long, { textLimits: FORMER_TEXT_LIMITS });
    assert.match(message ?? '', /a textInput is too long/);
    const system: Script = (client) => {
      setUp(client);
      client.text('SYSTEM', 'a'.repeat(4000));
    };
    assert.equal((await run(t, system, { textLimits: FORMER_TEXT_LIMITS })).message, undefined);
  });
});

describe('simulated Nova: results of tools', () => {
  const withToolUse = async (
    t: TestContext,
    answer: (client: WireClient, toolUseId: string) => void,
  ): Promise<string | undefined> => {
    const sim = await TestSim.start(t, { brain: scriptedBrain([[callTool('look_up')]]), replyDelayMs: 0 });
    const client = sim.connect();
    client.begin({ tools: ['look_up'] });
    client.silence(100);
    client.text('USER', 'hi', true);
    await until(() => client.named('toolUse').length === 1, 'a tool use');
    answer(client, String(client.named('toolUse')[0]?.['toolUseId']));
    const isOver = () => sim.sessions[0]?.end !== undefined || sim.sessions[0]?.inputs.length === client.sent;
    await until(isOver, 'the result');
    return messageOf(sim.sessions[0]);
  };

  test('Nova accepts one JSON result for a tool use, in a content of its own', async (t) => {
    assert.equal(await withToolUse(t, (client, id) => client.toolResult(id, '{"status":"ok"}')), undefined);
    assert.match(
      String(await withToolUse(t, (client, id) => client.toolResult(id, 'ok'))),
      /^Tool Response parsing error$/,
    );
    const twice = await withToolUse(t, (client, id) => {
      client.toolResult(id, '{}');
      client.toolResult(id, '{}');
    });
    assert.match(String(twice), /toolUseId/);
    const two = await withToolUse(t, (client, id) => {
      const contentName = client.startToolResult(id);
      for (const content of ['{}', '{}']) client.send('toolResult', { promptName: PROMPT, contentName, content });
    });
    assert.match(String(two), /one toolResult/);
    const empty = await withToolUse(t, (client, id) => client.endContent(client.startToolResult(id, 'T')));
    assert.match(String(empty), /^Cannot end content T as/);
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DEFAULT_TURN_DETECTION,
  sessionSettings,
  type SessionSettings,
  type TurnDetection,
} from './session-settings.js';

interface Change {
  model?: string;
  language?: string;
  transcriptionModel?: string;
  turnDetection?: TurnDetection;
}

function settings(change: Change = {}): SessionSettings {
  return sessionSettings({
    model: 'gpt-realtime-2.1',
    voice: 'marin',
    transcriptionModel: 'gpt-transcribe',
    instructions: 'Be brief.',
    language: 'en-GB',
    tools: [{ name: 'escalate', description: 'Calls a human.', parameters: { type: 'object', properties: {} } }],
    turnDetection: DEFAULT_TURN_DETECTION,
    format: { type: 'audio/pcmu' },
    ...change,
  });
}

test('the settings ask for mu-law both ways, turn detection and transcription', () => {
  assert.deepEqual(settings(), {
    type: 'realtime',
    instructions: 'Be brief.',
    output_modalities: ['audio'],
    audio: {
      input: {
        format: { type: 'audio/pcmu' },
        transcription: { model: 'gpt-transcribe', languages: ['en'] },
        noise_reduction: { type: 'near_field' },
        turn_detection: {
          type: 'server_vad',
          threshold: 0.5,
          prefix_padding_ms: 300,
          silence_duration_ms: 500,
          idle_timeout_ms: null,
          create_response: true,
          interrupt_response: true,
        },
      },
      output: { format: { type: 'audio/pcmu' }, voice: 'marin', speed: 1 },
    },
    tools: [
      {
        type: 'function',
        name: 'escalate',
        description: 'Calls a human.',
        parameters: { type: 'object', properties: {} },
      },
    ],
    tool_choice: 'auto',
    parallel_tool_calls: false,
    reasoning: { effort: 'low' },
    max_output_tokens: 4096,
    truncation: { type: 'retention_ratio', retention_ratio: 0.8, token_limits: { post_instructions: 8000 } },
    tracing: null,
  });
});

test('semantic turn detection sets no threshold and no silence', () => {
  const { audio } = settings({ turnDetection: { type: 'semantic_vad', eagerness: 'low' } }) as {
    audio: { input: { turn_detection: unknown } };
  };
  assert.deepEqual(audio.input.turn_detection, {
    type: 'semantic_vad',
    eagerness: 'low',
    create_response: true,
    interrupt_response: true,
  });
});

test('only the 2.x models get reasoning settings', () => {
  for (const model of ['gpt-realtime-2', 'gpt-realtime-2.1', 'gpt-realtime-2.1-mini', 'gpt-realtime-2-2026-01-01']) {
    assert.ok('reasoning' in settings({ model }), model);
  }
  for (const model of ['gpt-realtime', 'gpt-realtime-1.5', 'gpt-realtime-2025-08-28', 'gpt-realtime-mini']) {
    assert.ok(!('reasoning' in settings({ model })), model);
    assert.ok(!('parallel_tool_calls' in settings({ model })), model);
  }
});

test('a language without a two-letter code is left to the service', () => {
  const transcription = (language: string): unknown =>
    (settings({ language })['audio'] as { input: { transcription: unknown } }).input.transcription;
  assert.deepEqual(transcription('ES-mx'), { model: 'gpt-transcribe', languages: ['es'] });
  assert.deepEqual(transcription('gsw-CH'), { model: 'gpt-transcribe' });
  assert.deepEqual(transcription(''), { model: 'gpt-transcribe' });
});

test('a transcriber that takes a list of languages gets one, and every other the single language', () => {
  const hint = (transcriptionModel: string): unknown => {
    const { audio } = settings({ transcriptionModel, language: 'de-AT' }) as {
      audio: { input: { transcription: unknown } };
    };
    return audio.input.transcription;
  };
  for (const model of ['gpt-transcribe', 'gpt-live-transcribe', 'gpt-transcribe-2026-10-01'])
    assert.deepEqual(hint(model), { model, languages: ['de'] });
  for (const model of ['gpt-4o-transcribe', 'gpt-4o-mini-transcribe', 'gpt-realtime-whisper', 'whisper-1'])
    assert.deepEqual(hint(model), { model, language: 'de' });
});

import { httpUrl, text } from '../formats.js';
import { variable } from './variable.js';

export const LOCAL = {
  LOCAL_STT_MODEL: variable({
    default: 'tiny',
    about:
      'Speech recognition model: tiny, or a folder with another Moonshine model (encoder_model.onnx, decoder_model_merged.onnx, tokens.txt).',
    schema: text,
  }),
  LOCAL_TTS_MODEL: variable({
    about:
      "Folder with a voice model of your own (Piper, Matcha, Kokoro or Kitten as sherpa-onnx publishes them), for the assistant and for the gateway's own lines. Unset: the embedded English voice.",
    schema: text,
  }),
  LOCAL_TTS_BASE_URL: variable({
    about:
      'OpenAI-compatible speech endpoint in place of LOCAL_TTS_MODEL, like http://127.0.0.1:8880/v1. The gateway posts to its /audio/speech.',
    schema: httpUrl,
  }),
  LOCAL_LLM_BASE_URL: variable({
    about:
      'OpenAI-compatible chat endpoint that writes the answers, like http://127.0.0.1:11434/v1 (Ollama). Unset: a small built-in dialog.',
    schema: httpUrl,
  }),
  LOCAL_LLM_MODEL: variable({
    about: 'Name of the model at that endpoint. Required with LOCAL_LLM_BASE_URL.',
    schema: text,
  }),
} as const;

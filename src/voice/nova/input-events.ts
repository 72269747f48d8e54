import type { ToolDefinition } from '../session.js';

/**
 * Length of the pause that ends the caller's turn: 1.5 s, 1.75 s or 2 s (Nova 2 user guide, turn taking). One user
 * measured 0.5 to 0.6 s.
 */
export type EndpointingSensitivity = 'HIGH' | 'MEDIUM' | 'LOW';

export type TextRole = 'SYSTEM' | 'USER' | 'ASSISTANT';

/** The format declared for both directions. It has the rate of a telephone line, so that nothing is resampled. */
const AUDIO = {
  mediaType: 'audio/lpcm',
  sampleRateHertz: 8000,
  sampleSizeBits: 16,
  channelCount: 1,
  audioType: 'SPEECH',
  encoding: 'base64',
} as const;

const PLAIN_TEXT = { mediaType: 'text/plain' } as const;

/**
 * Builds the events of one session and its one prompt as JSON. The client chooses all ids. Source: Nova 2 user guide,
 * "Input events", and AWS's samples.
 */
export class InputEvents {
  private readonly promptName: string;
  private readonly audioHead: string;
  private readonly audioName: string;

  constructor(ids: { promptName: string; audioName: string }) {
    this.promptName = ids.promptName;
    this.audioName = ids.audioName;
    this.audioHead = `{"event":{"audioInput":{"promptName":"${ids.promptName}","contentName":"${ids.audioName}","content":"`;
  }

  /**
   * `endpointingSensitivity` has to be nested, because Nova 2 refuses it as a field of `sessionStart`. `undefined` leaves
   * the pause to the service.
   */
  sessionStart(options: { maxTokens: number; endpointingSensitivity: EndpointingSensitivity | undefined }): string {
    const { maxTokens, endpointingSensitivity } = options;
    return event('sessionStart', {
      inferenceConfiguration: { maxTokens, topP: 0.9, temperature: 0.7 },
      ...(endpointingSensitivity === undefined ? {} : { turnDetectionConfiguration: { endpointingSensitivity } }),
    });
  }

  /** Fixes voice, tools and prompt for the session. Without tools both tool fields have to be absent. */
  promptStart(options: { voice: string; tools: readonly ToolDefinition[] }): string {
    const { tools, voice } = options;
    return event('promptStart', {
      promptName: this.promptName,
      textOutputConfiguration: PLAIN_TEXT,
      audioOutputConfiguration: { ...AUDIO, voiceId: voice },
      ...(tools.length === 0
        ? {}
        : {
            toolUseOutputConfiguration: { mediaType: 'application/json' },
            toolConfiguration: { tools: tools.map(toolSpec), toolChoice: { auto: {} } },
          }),
    });
  }

  /**
   * Returns a whole text block, whose events must be sent without another event between them. An `interactive` block
   * starts a turn of the model, which is only allowed once the audio has begun.
   */
  textBlock(contentName: string, role: TextRole, texts: readonly string[], interactive: boolean): string[] {
    const { promptName } = this;
    return [
      event('contentStart', {
        promptName,
        contentName,
        type: 'TEXT',
        interactive,
        role,
        textInputConfiguration: PLAIN_TEXT,
      }),
      ...texts.map((content) => event('textInput', { promptName, contentName, content })),
      event('contentEnd', { promptName, contentName }),
    ];
  }

  /** `content` must be a JSON object as text. Otherwise the service fails with "Tool Response parsing error". */
  toolResultBlock(contentName: string, toolUseId: string, content: string): string[] {
    const { promptName } = this;
    return [
      event('contentStart', {
        promptName,
        contentName,
        interactive: false,
        type: 'TOOL',
        role: 'TOOL',
        toolResultInputConfiguration: { toolUseId, type: 'TEXT', textInputConfiguration: PLAIN_TEXT },
      }),
      event('toolResult', { promptName, contentName, content }),
      event('contentEnd', { promptName, contentName }),
    ];
  }

  /** Starts the one audio block of the session. */
  audioStart(): string {
    return event('contentStart', {
      promptName: this.promptName,
      contentName: this.audioName,
      type: 'AUDIO',
      interactive: true,
      role: 'USER',
      audioInputConfiguration: AUDIO,
    });
  }

  /** Built by hand, because it is sent many times a second and neither ids nor base64 need escaping. */
  audio(base64: string): string {
    return `${this.audioHead}${base64}"}}}`;
  }

  /** Ends audio, prompt and session, in this order. */
  ending(): string[] {
    const { audioName, promptName } = this;
    return [
      event('contentEnd', { promptName, contentName: audioName }),
      event('promptEnd', { promptName }),
      event('sessionEnd', {}),
    ];
  }
}

function toolSpec(tool: ToolDefinition): object {
  const { description, name, parameters } = tool;
  // The schema is sent as text, as in all of AWS's samples.
  return { toolSpec: { name, description, inputSchema: { json: JSON.stringify(parameters) } } };
}

function event(name: string, fields: object): string {
  return JSON.stringify({ event: { [name]: fields } });
}

import { randomUUID } from 'node:crypto';
import { pcmBytes } from '../../sim/nova/rate.js';

export interface Received {
  name: string;
  body: Record<string, unknown>;
}

export const PROMPT = 'prompt-1';
export const AUDIO = 'audio-1';
const LPCM = {
  mediaType: 'audio/lpcm',
  sampleRateHertz: 8000,
  sampleSizeBits: 16,
  channelCount: 1,
  encoding: 'base64',
  audioType: 'SPEECH',
};

/** For tests of the simulated Nova: what a client sends in a session, over any transport. */
export abstract class NovaClient {
  readonly received: Received[] = [];

  abstract sendJson(json: string): void;

  send(name: string, body: Record<string, unknown>): void {
    this.sendJson(JSON.stringify({ event: { [name]: body } }));
  }

  startSession(extra: Record<string, unknown> = {}): void {
    const inferenceConfiguration = { maxTokens: 1024, topP: 0.9, temperature: 0.7 };
    this.send('sessionStart', {
      inferenceConfiguration,
      turnDetectionConfiguration: { endpointingSensitivity: 'HIGH' },
      ...extra,
    });
  }

  startPrompt(extra: Record<string, unknown> = {}, audio: Record<string, unknown> = {}): void {
    this.send('promptStart', {
      promptName: PROMPT,
      textOutputConfiguration: { mediaType: 'text/plain' },
      audioOutputConfiguration: { ...LPCM, voiceId: 'matthew', ...audio },
      ...extra,
    });
  }

  startText(role: string, interactive = false, contentName: string = randomUUID()): string {
    const textInputConfiguration = { mediaType: 'text/plain' };
    this.send('contentStart', {
      promptName: PROMPT,
      contentName,
      type: 'TEXT',
      interactive,
      role,
      textInputConfiguration,
    });
    return contentName;
  }

  text(role: string, content: string, interactive = false): void {
    const contentName = this.startText(role, interactive);
    this.send('textInput', { promptName: PROMPT, contentName, content });
    this.endContent(contentName);
  }

  startAudio(extra: Record<string, unknown> = {}, contentName = AUDIO): void {
    this.send('contentStart', {
      promptName: PROMPT,
      contentName,
      type: 'AUDIO',
      interactive: true,
      role: 'USER',
      audioInputConfiguration: { ...LPCM, ...extra },
    });
  }

  audio(content: string): void {
    this.send('audioInput', { promptName: PROMPT, contentName: AUDIO, content });
  }

  silence(ms: number): void {
    this.frames(ms, 0);
  }

  speech(ms: number): void {
    this.frames(ms, 6000);
  }

  startToolResult(toolUseId: string, contentName: string = randomUUID()): string {
    this.send('contentStart', {
      promptName: PROMPT,
      contentName,
      interactive: false,
      type: 'TOOL',
      role: 'TOOL',
      toolResultInputConfiguration: {
        toolUseId,
        type: 'TEXT',
        textInputConfiguration: { mediaType: 'text/plain' },
      },
    });
    return contentName;
  }

  toolResult(toolUseId: string, content: string): void {
    const contentName = this.startToolResult(toolUseId);
    this.send('toolResult', { promptName: PROMPT, contentName, content });
    this.endContent(contentName);
  }

  endContent(contentName: string): void {
    this.send('contentEnd', { promptName: PROMPT, contentName });
  }

  /** Sends everything that must come before audio. */
  begin(options: { tools?: readonly string[]; instructions?: string } = {}): void {
    this.startSession();
    const tools = options.tools?.map((name) => toolSpec(name));
    const toolFields = { toolUseOutputConfiguration: { mediaType: 'application/json' }, toolConfiguration: { tools } };
    this.startPrompt(tools === undefined ? {} : toolFields);
    this.text('SYSTEM', options.instructions ?? 'You are a kind assistant.');
    this.startAudio();
  }

  leave(): void {
    this.endContent(AUDIO);
    this.send('promptEnd', { promptName: PROMPT });
    this.send('sessionEnd', {});
  }

  named(name: string): Record<string, unknown>[] {
    return this.received.filter((event) => event.name === name).map(({ body }) => body);
  }

  /** Returns the text blocks in order, as `ROLE STAGE text (stop reason)`. */
  get texts(): string[] {
    return this.named('contentEnd')
      .filter(({ type }) => type === 'TEXT')
      .map(({ contentId, stopReason }) => {
        const of = (name: string) => this.named(name).find((body) => body['contentId'] === contentId) ?? {};
        const { additionalModelFields, role } = of('contentStart');
        const { generationStage } = JSON.parse(String(additionalModelFields)) as { generationStage: string };
        return `${String(role)} ${generationStage} ${textOf(of('textOutput'))} (${String(stopReason)})`;
      });
  }

  /** Returns the names of the events from number `from` on. The parts of an audio block count as one. */
  outline(from = 0): string {
    const names = this.received.slice(from).map(({ body, name }) => {
      const { stopReason, type } = body;
      if (name === 'contentStart') return `<${String(type)}`;
      return name === 'contentEnd' ? `${String(type)} ${String(stopReason)}>` : name;
    });
    return names.filter((name, at) => name !== 'audioOutput' || names[at - 1] !== 'audioOutput').join(' ');
  }

  protected take(json: string): void {
    const { event } = JSON.parse(json) as { event: Record<string, Record<string, unknown>> };
    for (const [name, body] of Object.entries(event)) this.received.push({ name, body });
  }

  private frames(ms: number, amplitude: number): void {
    const pcm = new Int16Array(160);
    for (let i = 0; i < pcm.length; i++) pcm[i] = amplitude * Math.sin(i);
    const content = pcmBytes(pcm).toString('base64');
    for (let at = 0; at < ms; at += 20) this.audio(content);
  }
}

function textOf({ content }: Record<string, unknown>): string {
  return typeof content === 'string' ? content : '-';
}

export function toolSpec(name: string, json = '{"type":"object","properties":{}}'): Record<string, unknown> {
  return { toolSpec: { name, description: `Does ${name}.`, inputSchema: { json } } };
}

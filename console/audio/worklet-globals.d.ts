// What the browser has in an AudioWorklet only, of which TypeScript's own types say nothing.

declare const sampleRate: number;
declare const currentTime: number;

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Where the built worklet is. */
declare const TELEPHONE_WORKLET: string;

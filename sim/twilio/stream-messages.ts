/**
 * The messages that Twilio sends on a stream (Media Streams – WebSocket messages). One counter spans all messages after
 * `connected`. `sequenceNumber`, `chunk` and `timestamp` are strings; `sampleRate` and `channels` are numbers.
 */
export class StreamMessages {
  private readonly ids: { accountSid: string; callSid: string; streamSid: string };
  private sequence = 0;
  private chunk = 0;

  constructor(ids: { accountSid: string; callSid: string; streamSid: string }) {
    this.ids = ids;
  }

  connected(): string {
    return JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' });
  }

  start(customParameters: Readonly<Record<string, string>>): string {
    const { accountSid, callSid, streamSid } = this.ids;
    return this.numbered('start', {
      accountSid,
      streamSid,
      callSid,
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters,
    });
  }

  media(timestampMs: number, audio: Uint8Array): string {
    return this.numbered('media', {
      track: 'inbound',
      chunk: String(++this.chunk),
      timestamp: String(timestampMs),
      payload: Buffer.from(audio).toString('base64'),
    });
  }

  /** The track is named differently here than in `media` (sic). */
  dtmf(digit: string): string {
    return this.numbered('dtmf', { track: 'inbound_track', digit });
  }

  mark(name: string): string {
    return this.numbered('mark', { name });
  }

  stop(): string {
    const { accountSid, callSid } = this.ids;
    return this.numbered('stop', { accountSid, callSid });
  }

  private numbered(event: string, body: Record<string, unknown>): string {
    const sequenceNumber = String(++this.sequence);
    return JSON.stringify({ event, sequenceNumber, [event]: body, streamSid: this.ids.streamSid });
  }
}

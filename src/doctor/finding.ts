/** Everything the doctor can find. Each has a row in docs/operate/doctor.md, and a name is never used for something else. */
export const FINDING_IDS = [
  'settings',
  'no-answer',
  'check-failed',
  'assistants',
  'extension',
  'openai-key',
  'openai-model',
  'openai-voice',
  'openai-transcription',
  'openai-setting',
  'openai-format',
  'openai-quota',
  'openai-unreachable',
  'openai-websocket',
  'openai-ready',
  'nova-credentials',
  'nova-permission',
  'nova-model',
  'nova-voice',
  'nova-region',
  'nova-quota',
  'nova-unreachable',
  'nova-failed',
  'nova-ready',
  'speech',
  'speech-own-voice',
  'chat-endpoint',
  'chat-model',
  'chat-slow',
  'table-missing',
  'table-access',
  'table-unreachable',
  'table-key',
  'table-ttl',
  'table-slow',
  'table-ready',
  'pepper',
  'connect-number',
  'connect-access',
  'connect-instance',
  'connect-queue',
  'connect-unreachable',
  'connect-ready',
  'redis-unreachable',
  'redis-access',
  'redis-writes',
  'redis-script',
  'redis-eviction',
  'redis-version',
  'redis-ready',
  'hubspot-key',
  'hubspot-scope',
  'hubspot-pipeline',
  'hubspot-version',
  'hubspot-limit',
  'hubspot-unreachable',
  'hubspot-ready',
  'twilio-account',
  'twilio-number',
  'twilio-number-settings',
  'twilio-signature',
  'public-host',
  'public-host-dns',
  'public-host-unreachable',
  'certificate',
  'certificate-expiry',
  'gateway-upgrade',
  'gateway-signature',
  'gateway-reached',
  'clock',
  'metrics',
] as const;

export type FindingId = (typeof FINDING_IDS)[number];

/**
 * The result of asking one thing. `advice` means that it works, but that the operator should know or change something.
 * `fault` means that it would cost a call, or what belongs to one.
 */
export interface Finding {
  result: 'fine' | 'advice' | 'fault';
  id: FindingId;
  /** One line that says what was found and what to do. Never holds a secret, nor what anybody said. */
  text: string;
}

export const fine = (id: FindingId, text: string): Finding => ({ result: 'fine', id, text });
export const advice = (id: FindingId, text: string): Finding => ({ result: 'advice', id, text });
export const fault = (id: FindingId, text: string): Finding => ({ result: 'fault', id, text });

import { isLoopback, isPrivateHost } from '../config/addresses.js';
import { type Config, LOCAL_MODE_NUMBER } from '../config/config.js';
import { CONNECTION_OVERRIDES } from '../call/paths.js';
import { type Finding, advice, fault, fine } from './finding.js';

// What the settings alone tell, without asking anybody.

/** Minimum number of different characters. A string with fewer is a word or a pattern. */
const MIN_DIFFERENT_CHARACTERS = 10;
const MIN_PEPPER_CHARACTERS = 32;

export function checkPepper({ handover: { embedded, pepper } }: Config): Finding[] {
  if (pepper === undefined) {
    return embedded
      ? [
          advice(
            'pepper',
            'HANDOVER_TOKEN_PEPPER is not set. Local mode uses a public one; a real table requires your own.',
          ),
        ]
      : [
          fault(
            'pepper',
            'HANDOVER_TOKEN_PEPPER is not set. Create one with "openssl rand -hex 32" and set the same for the gateway and the Lambda.',
          ),
        ];
  }
  return pepper.length < MIN_PEPPER_CHARACTERS || new Set(pepper).size < MIN_DIFFERENT_CHARACTERS
    ? [
        advice(
          'pepper',
          'HANDOVER_TOKEN_PEPPER is easy to guess. Create one with "openssl rand -hex 32" and set it for the gateway and the Lambda.',
        ),
      ]
    : [fine('pepper', 'Long and random enough. The Lambda must have the same one.')];
}

export function checkConnectNumber({ handover: { connectPhoneNumber } }: Config): Finding[] {
  return connectPhoneNumber === undefined
    ? [
        fault(
          'connect-number',
          'CONNECT_PHONE_NUMBER is not set, so callers cannot reach a human. Set the number of the Amazon Connect instance.',
        ),
      ]
    : [
        fine(
          'connect-number',
          connectPhoneNumber === LOCAL_MODE_NUMBER
            ? `Callers are put through to ${connectPhoneNumber}, which is made up: only the simulated carrier knows it.`
            : `Callers reach a human on ${connectPhoneNumber}.`,
        ),
      ];
}

export function checkSignature(config: Config): Finding[] {
  const { twilio } = config;
  if (twilio.authTokens.length === 0) return [unsigned(config)];
  if (twilio.sharedKeys.length === 0)
    return [
      fine(
        'twilio-signature',
        `The signatures of webhooks and streams are checked.${twilio.accountSid === undefined ? ' Without TWILIO_ACCOUNT_SID the account and its numbers are not asked.' : ''}`,
      ),
    ];
  return [
    advice(
      'twilio-signature',
      `Signatures by auth tokens and shared keys are checked. A webhook rule with connection settings overrides ${CONNECTION_OVERRIDES} in the URLs; give each such rule the same timeouts and retries.`,
    ),
  ];
}

function unsigned({ allowsUnsigned, host, publicHost }: Config): Finding {
  const isPublic = !isLoopback(host) || (publicHost !== undefined && !isPrivateHost(publicHost));
  if (!isPublic)
    return advice(
      'twilio-signature',
      'TWILIO_AUTH_TOKEN is not set. Signatures are not checked, and the gateway listens for this machine only. A tunnel or proxy to it opens it to everybody.',
    );
  const text =
    'TWILIO_AUTH_TOKEN is not set and the gateway can be reached from outside, so anyone can place calls. Set the token.';
  return allowsUnsigned ? advice('twilio-signature', text) : fault('twilio-signature', text);
}

export function checkMetrics({ metricsPort }: Config): Finding[] {
  return [
    fine(
      'metrics',
      metricsPort === undefined
        ? '/metrics is on PORT, for loopback and private addresses and not through a proxy. Set METRICS_PORT if the proxy or load balancer in front adds no X-Forwarded-For, because its requests look private.'
        : `/metrics is on port ${metricsPort} alone. Keep that port away from the public.`,
    ),
  ];
}

/** For a host that is missing, or that only a private network knows. Another one is asked. */
export function checkPrivateHost({ twilio }: Config, setting: 'PUBLIC_HOST' | 'STREAM_HOST'): Finding[] {
  const text = `${setting} is not set to a host that Twilio can reach.`;
  return twilio.authTokens.length === 0
    ? [advice('public-host', text)]
    : [fault('public-host', `${text} Set it to the gateway's public host name.`)];
}

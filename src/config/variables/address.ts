import { z } from 'zod';
import { hostName, listenAddress, text, whole } from '../formats.js';
import { variable } from './variable.js';

export const ADDRESS = {
  ENV_FILE: variable({
    default: '.env',
    about:
      'File of settings that every command reads from its working directory. What the environment says wins. none: no file is read. It has to be in the environment itself.',
    schema: text,
  }),
  PORT: variable({
    default: '8000',
    about: 'Port for HTTP and WebSocket. 0 picks a free one.',
    schema: whole(0, 65535),
  }),
  HOST: variable({
    about: 'Address to listen on. Unset: 0.0.0.0 if TWILIO_AUTH_TOKEN is set, else 127.0.0.1.',
    schema: listenAddress,
  }),
  PUBLIC_HOST: variable({
    shown: 'localhost:PORT',
    about:
      'Host name by which Twilio reaches the gateway, in small letters, without a scheme, and with a port if it is not 443. The URLs that Twilio signs are built from it.',
    schema: hostName,
  }),
  STREAM_HOST: variable({
    shown: 'PUBLIC_HOST',
    about:
      'With several instances behind PUBLIC_HOST: a host name that leads to this instance alone. Each stream then reaches the instance that has its voice session ready. See docs/operate/several-instances.md.',
    schema: hostName,
  }),
  KEEP_ALIVE_SECONDS: variable({
    default: '75',
    about:
      'How long an idle HTTP connection stays open. It must be longer than the balancer in front keeps its connections (60 s at an AWS load balancer). Otherwise a request of Twilio can meet a connection that the gateway is closing.',
    schema: whole(5, 3600),
  }),
  METRICS_PORT: variable({
    about:
      'Port for /metrics alone. Keep it away from the public. Unset: /metrics is on PORT, and answers only loopback and private addresses, and no request that a proxy forwarded.',
    schema: whole(0, 65535),
  }),
  LOG_LEVEL: variable({
    default: 'info',
    about: 'Lowest level that is logged: fatal, error, warn, info, debug or trace. silent turns the log off.',
    schema: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
  }),
} as const;

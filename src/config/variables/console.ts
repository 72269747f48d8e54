import { consoleToken, flag, hostNames } from '../formats.js';
import { secret, variable } from './variable.js';

export const CONSOLE = {
  CONSOLE_TOKEN: secret({
    about:
      'Password of the console, at least 16 characters long to be safe. Unset: the console answers only this machine itself, and asks for no password. Set: it answers everybody who knows the token.',
    schema: consoleToken,
  }),
  CONSOLE_TRANSCRIPTS: variable({
    about:
      "true: the console shows what is said and whole telephone numbers. Unset: true without TWILIO_AUTH_TOKEN as long as HOST and PUBLIC_HOST are this machine's own names, so that no real caller is meant; else false.",
    schema: flag,
  }),
  CONSOLE_HOSTS: variable({
    about:
      'Comma-separated host names besides PUBLIC_HOST under which the console may be asked with CONSOLE_TOKEN, for instance of an internal load balancer.',
    schema: hostNames,
  }),
} as const;

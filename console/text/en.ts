/** Every text of the pages, by key. Another language is a file of its own with the same keys. */
export const en = {
  title: 'Calls',
  loginTitle: 'Log in',
  token: 'Token',
  logIn: 'Log in',
  wrongToken: 'The token is wrong. It is the value of CONSOLE_TOKEN.',
  tooManyTokens: 'Too many wrong tokens came from this address. Try again in a minute.',
  loginFailed: 'The gateway does not answer.',
} as const;

export type TextKey = keyof typeof en;

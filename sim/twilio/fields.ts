/** Form fields of a webhook. An array is sent as the same field several times. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

export function formOf(fields: Fields): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of typeof value === 'string' ? [value] : value) form.append(name, one);
  }
  return form;
}

/** `Thu, 01 Jan 2026 00:00:00 +0000`, as in call status callbacks and in the REST API. */
export function rfc2822(epochMs: number): string {
  return new Date(epochMs).toUTCString().replace('GMT', '+0000');
}

/** Reads what this browser remembers. Some browsers forbid storage. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(`tandem.${key}`);
  } catch {
    return null;
  }
}

/** Remembers a choice in this browser. `undefined` forgets it. */
export function remember(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(`tandem.${key}`);
    else localStorage.setItem(`tandem.${key}`, value);
  } catch {
    // It is only a convenience.
  }
}

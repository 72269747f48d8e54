/** Replaces secrets by placeholders, and back. */
export class Secrets {
  private readonly placeholders = new Map<string, string>();

  /** Secrets of the process. They have the same placeholder in every tape. */
  constructor(known: readonly string[] = []) {
    for (const secret of known) this.add(secret, '{secret}');
  }

  /** A short value could be a part of anything, so it is not replaced. */
  add(secret: string, placeholder: string): void {
    if (secret.length >= 8) this.placeholders.set(secret, placeholder);
  }

  mask(text: string): string {
    let masked = text;
    for (const [secret, placeholder] of this.placeholders)
      if (masked.includes(secret)) masked = masked.replaceAll(secret, placeholder);
    return masked;
  }

  /** Puts the secrets of this call in the place of their placeholders. */
  unmask(text: string): string {
    let plain = text;
    for (const [secret, placeholder] of this.placeholders)
      if (placeholder !== '{secret}' && plain.includes(placeholder)) plain = plain.replaceAll(placeholder, secret);
    return plain;
  }
}

/**
 * Reads a body as text. Resolves with `undefined` if it is longer than `maxBytes`, and leaves the rest unread. The bytes are
 * counted after decompression and while they arrive, because a small compressed body can expand to any size.
 */
export async function readBounded(response: Response, maxBytes: number): Promise<string | undefined> {
  const { body } = response;
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    // Leaving the loop cancels the body.
    if (sizeBytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

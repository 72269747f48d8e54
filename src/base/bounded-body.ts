/**
 * Reads a body. Resolves with `undefined` if it is longer than `maxBytes`, and leaves the rest unread. The bytes are counted
 * after decompression and while they arrive, because a small compressed body can expand to any size.
 */
export async function readBounded(response: Response, maxBytes: number): Promise<Buffer | undefined> {
  const { body } = response;
  if (body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    // Leaving the loop cancels the body.
    if (sizeBytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

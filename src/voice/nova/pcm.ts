/** Returns base64 of 16-bit little-endian samples. Every platform that Node runs on is little-endian. */
export function pcmToBase64(pcm: Int16Array): string {
  return Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength).toString('base64');
}

/** Returns whole samples only. An odd byte at the end is dropped. */
export function pcmFromBase64(base64: string): Int16Array {
  const bytes = Buffer.from(base64, 'base64');
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : new Uint8Array(bytes);
  return new Int16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 1);
}

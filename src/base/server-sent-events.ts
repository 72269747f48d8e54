/** How much a stream of events may hold. */
export interface EventLimits {
  /** Maximum length of one event. */
  eventCharacters: number;
  /** Maximum size of the whole stream. */
  streamBytes: number;
  /** Returns the error that is thrown above a limit. */
  tooLong: () => Error;
}

/**
 * Yields the `data` of each server-sent event (WHATWG HTML standard, "Interpreting an event stream"). Lines end with
 * CR, LF or both. An empty line ends an event, and an event without one is dropped. Reads every character once.
 * @throws the error of `limits` if an event or the whole stream is too long
 */
export async function* readEvents(body: AsyncIterable<Uint8Array>, limits: EventLimits): AsyncIterable<string> {
  const { eventCharacters, streamBytes, tooLong } = limits;
  const decoder = new TextDecoder();
  let sizeBytes = 0;
  /** The pieces of a line that has not ended. */
  let rest: string[] = [];
  let data: string[] = [];
  let characters = 0;
  /** The last piece ended with a CR, which may be half of a CRLF. */
  let afterCr = false;
  for await (const bytes of body) {
    sizeBytes += bytes.length;
    if (sizeBytes > streamBytes) throw tooLong();
    let text = decoder.decode(bytes, { stream: true });
    if (text === '') continue;
    if (afterCr && text.startsWith('\n')) text = text.slice(1);
    afterCr = text === '' ? false : text.endsWith('\r');
    const lines = text.split(/\r\n|\r|\n/);
    const last = lines.pop() ?? '';
    for (const ending of lines) {
      const line = rest.join('') + ending;
      rest = [];
      characters += ending.length;
      if (line === '') {
        if (data.length > 0) yield data.join('\n');
        data = [];
        characters = 0;
      } else if (line.startsWith('data:')) {
        data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
      }
      if (characters > eventCharacters) throw tooLong();
    }
    rest.push(last);
    characters += last.length;
    if (characters > eventCharacters) throw tooLong();
  }
}

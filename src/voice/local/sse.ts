import { TandemError } from '../../base/errors.js';

/** Maximum length of an event. A piece of an answer has a few hundred characters. */
const MAX_EVENT_CHARACTERS = 262_144;
/** Maximum size of a stream. Servers that repeat much around every word send about a kilobyte a word. */
const MAX_STREAM_BYTES = 8 * 1024 * 1024;

/**
 * Yields the `data` of each server-sent event (WHATWG HTML standard, "Interpreting an event stream"). Lines end with
 * CR, LF or both. An empty line ends an event, and an event without one is dropped. Reads every character once.
 * @throws TandemError LOCAL_LLM_UNREACHABLE if an event or the whole stream is too long
 */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncIterable<string> {
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
    if (sizeBytes > MAX_STREAM_BYTES) throw tooLong();
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
      if (characters > MAX_EVENT_CHARACTERS) throw tooLong();
    }
    rest.push(last);
    characters += last.length;
    if (characters > MAX_EVENT_CHARACTERS) throw tooLong();
  }
}

function tooLong(): TandemError {
  return new TandemError('LOCAL_LLM_UNREACHABLE', "The language model's answer has an event or a length without end.");
}

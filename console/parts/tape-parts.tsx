import type { TapeDesk } from '../live/tape-desk.js';
import type { Run } from '../live/tape-file.js';
import { text } from '../text/text.js';

/** Who recorded a run, or made it. */
export function versionOf({ tape: { head } }: Run): string {
  if (head.replay === undefined) return text('tape.version.recorded', { version: head.version });
  return text(head.replay.direct ? 'tape.version.direct' : 'tape.version.replay');
}

export function BackToList({ desk }: { desk: TapeDesk }) {
  return (
    <a
      class="back"
      href="/console"
      onClick={(event) => {
        event.preventDefault();
        desk.back();
      }}
    >
      ← {text('call.back')}
    </a>
  );
}

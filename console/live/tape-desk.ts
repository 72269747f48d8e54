import { batch, signal } from '@preact/signals';
import { announce } from './announcer.js';
import { shortSid } from './format.js';
import { CannotOpen, type FileProblem, type Run, openTape } from './tape-file.js';
import { text } from '../text/text.js';

/** What is wrong with a file that was dropped or chosen. `many`: more than two. */
export interface Problem {
  problem: FileProblem | 'many';
  name: string;
  line: number | undefined;
}

/** The tapes that this page has open: none, one, or two runs beside each other. They are gone with the page. */
export class TapeDesk {
  readonly runs = signal<readonly Run[]>([]);
  readonly problem = signal<Problem | undefined>(undefined);
  /** The part of the files that has been read. `undefined` while nothing is read. */
  readonly share = signal<number | undefined>(undefined);
  private latest = 0;

  constructor() {
    window.addEventListener('popstate', () => this.close());
  }

  /** Opens one file, or two beside each other. One more beside the one that is open makes two. */
  async open(files: readonly File[]): Promise<void> {
    const turn = ++this.latest;
    const before = this.runs.value;
    this.problem.value = undefined;
    if (files.length === 0) return;
    if (files.length > 2) {
      this.problem.value = { problem: 'many', name: '', line: undefined };
      return;
    }
    const opened: Run[] = [];
    for (const [at, file] of files.entries()) {
      try {
        const run = await openTape(file, (share) => {
          if (turn === this.latest) this.share.value = (at + share) / files.length;
        });
        opened.push(run);
      } catch (error) {
        const { line, problem } = error instanceof CannotOpen ? error : new CannotOpen('damaged');
        if (turn !== this.latest) return;
        batch(() => {
          this.share.value = undefined;
          this.problem.value = { problem, name: file.name, line };
        });
        return;
      }
      // Another file was chosen meanwhile.
      if (turn !== this.latest) return;
    }
    batch(() => {
      this.share.value = undefined;
      this.runs.value = opened.length === 1 && before[0] !== undefined ? [before[0], ...opened] : inOrder(opened);
    });
    // So that the browser's way back leads to the list, without another page.
    if (before.length === 0) history.pushState({ tape: true }, '');
    announce(text('tape.opened', { call: shortSid(opened[0]?.store.callSid ?? '') }));
  }

  /** Closes the second run. */
  closeSecond(): void {
    this.runs.value = this.runs.value.slice(0, 1);
  }

  swap(): void {
    this.runs.value = this.runs.value.toReversed();
  }

  /** Back to the list. */
  back(): void {
    if (this.runs.value.length > 0) history.back();
  }

  private close(): void {
    this.latest++;
    batch(() => {
      this.runs.value = [];
      this.problem.value = undefined;
      this.share.value = undefined;
    });
  }
}

/** What was recorded comes before what a replay has made of it, and the older file before the newer. */
function inOrder(runs: readonly Run[]): readonly Run[] {
  const isReplay = ({ tape }: Run): number => (tape.head.replay === undefined ? 0 : 1);
  return runs.toSorted((a, b) => isReplay(a) - isReplay(b) || a.file.lastModified - b.file.lastModified);
}

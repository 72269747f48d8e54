import { useEffect, useState } from 'preact/hooks';
import { percent, size } from '../live/format.js';
import { MAX_TAPE_BYTES } from '../live/tape-file.js';
import type { Problem, TapeDesk } from '../live/tape-desk.js';
import { text } from '../text/text.js';

/** Opens tapes that are dropped anywhere on the page. */
export function TapeDrop({ desk }: { desk: TapeDesk }) {
  const isOver = useDrop((files) => void desk.open(files));
  const { value: share } = desk.share;
  return (
    <>
      {isOver && (
        <div class="drop-over" data-testid="tape-drop" aria-hidden="true">
          <p>{text(desk.runs.value.length === 0 ? 'tape.drop' : 'tape.drop.second')}</p>
        </div>
      )}
      {share !== undefined && (
        <p class="tape-reading" data-testid="tape-reading">
          {text('tape.reading', { share: percent(share) })}
          <progress aria-label={text('tape.reading', { share: '' })} value={share} max={1} />
        </p>
      )}
      <div role="alert">
        {desk.problem.value !== undefined && (
          <p class="problem" data-testid="tape-problem" data-problem={desk.problem.value.problem}>
            {sentence(desk.problem.value)}
          </p>
        )}
      </div>
    </>
  );
}

function sentence({ line, name, problem }: Problem): string {
  if (problem === 'damaged' && line !== undefined) return text('tape.problem.damaged.line', { name, line });
  return text(`tape.problem.${problem}`, { name, size: size(MAX_TAPE_BYTES) });
}

/** A button that asks for tapes, for those who do not drop files. */
export function TapeButton({ desk, label }: { desk: TapeDesk; label: string }) {
  return (
    <label class="button file-button">
      {label}
      <input
        type="file"
        class="unseen"
        data-testid="tape-file"
        accept=".jsonl,application/x-ndjson"
        multiple
        onKeyDown={(event) => {
          // The browser's own keys for it differ.
          if (event.key !== 'Enter') return;
          event.preventDefault();
          event.currentTarget.click();
        }}
        onChange={({ currentTarget }) => {
          void desk.open([...(currentTarget.files ?? [])]);
          // So that the same file can be chosen again.
          currentTarget.value = '';
        }}
      />
    </label>
  );
}

/** Calls `onFiles` with what is dropped on the window. Returns whether files are held over it. */
function useDrop(onFiles: (files: File[]) => void): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') === true;
    const onOver = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      // Otherwise the browser leaves the page for the file.
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy';
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      onFiles([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, []);
  return isOver;
}

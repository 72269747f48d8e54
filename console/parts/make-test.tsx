import { useSignal } from '@preact/signals';
import type { CallRow } from '../../src/console/messages.js';
import { announce } from '../live/announcer.js';
import { saveAs, scrubbedTape } from '../live/scrubbed-tape.js';
import type { Run } from '../live/tape-file.js';
import { text } from '../text/text.js';
import { Dialog } from './dialog.js';
import { Icon } from './icon.js';

/** A call that the gateway has a tape of, or a tape of the visitor. */
type Source = { call: CallRow } | { run: Run };

const FAILURES: ReadonlySet<number> = new Set([0, 404, 409, 503]);

/** Makes a test of a call: the scrubbed tape as a file, and the commands that run it. */
export function MakeTest({ source }: { source: Source }) {
  const isOpen = useSignal(false);
  return (
    <>
      <button type="button" data-testid="make-test" onClick={() => (isOpen.value = true)}>
        {text('test.button')}
      </button>
      {isOpen.value && <MakeTestDialog source={source} onClose={() => (isOpen.value = false)} />}
    </>
  );
}

function MakeTestDialog({ onClose, source }: { source: Source; onClose: () => void }) {
  const call = 'call' in source ? source.call : source.run.store.call.value;
  const name = useSignal(nameFor(call));
  const isBusy = useSignal(false);
  const failure = useSignal('');
  const file = `${slug(name.value) || 'call'}.jsonl`;
  const isOver = call?.endedAt !== undefined;
  const isRaw = 'run' in source && source.run.tape.head.scrubbed !== true;
  const replay = `npm run replay -- test/tapes/${file}`;
  const download = async (): Promise<void> => {
    isBusy.value = true;
    failure.value = '';
    const scrubbed = 'run' in source ? source.run.file : await scrubbedTape(source.call.callSid);
    isBusy.value = false;
    if (typeof scrubbed !== 'number') saveAs(scrubbed, file);
    else if (FAILURES.has(scrubbed)) failure.value = text(`test.failed.${scrubbed}` as 'test.failed.0');
    else failure.value = text('action.failed', { status: scrubbed });
  };
  return (
    <Dialog testId="make-test-dialog" title={text('test.title')} onClose={onClose}>
      <p>{text(isRaw ? 'test.text.raw' : 'test.text')}</p>
      <label class="field">
        <span>{text('test.name')}</span>
        <input
          type="text"
          data-testid="make-test-name"
          autocomplete="off"
          spellcheck={false}
          value={name.value}
          onInput={(event) => (name.value = event.currentTarget.value)}
        />
      </label>
      {isRaw ? (
        <Commands
          lines={[
            `npm run scrub -- ${quoted(source.run.name)} test/tapes/${file}`,
            replay,
            'node scripts/test.mjs tapes',
          ]}
        />
      ) : (
        <>
          <button
            type="button"
            class="solid"
            data-testid="make-test-download"
            disabled={isBusy.value || !isOver}
            onClick={() => void download()}
          >
            {text(isBusy.value ? 'test.busy' : 'test.download', { file })}
          </button>
          {!isOver && <p>{text('test.later')}</p>}
          <p>{text('test.then')}</p>
          <Commands lines={[replay, 'node scripts/test.mjs tapes']} />
        </>
      )}
      <p class="failure" role="alert">
        {failure}
      </p>
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {text('close')}
        </button>
      </div>
    </Dialog>
  );
}

function Commands({ lines }: { lines: readonly string[] }) {
  const copy = (): void => {
    void navigator.clipboard.writeText(lines.join('\n')).then(() => announce(text('call.copied')));
  };
  return (
    <div class="commands">
      <pre data-testid="make-test-commands" tabIndex={0} role="group" aria-label={text('test.commands')}>
        {lines.join('\n')}
      </pre>
      {isSecureContext && (
        <button type="button" class="quiet" aria-label={text('test.copy')} title={text('test.copy')} onClick={copy}>
          <Icon name="copy" />
        </button>
      )}
    </div>
  );
}

/** What the call is about, in a name as those of test/tapes have. */
function nameFor(call: CallRow | undefined): string {
  if (call === undefined) return 'call';
  const what = call.escalation !== null ? 'handover' : call.bargeIns > 0 ? 'barge-in' : 'plain';
  return slug(`${call.provider}-${what}`);
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.jsonl$/, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
}

/** Returns a file's name as a shell reads it. */
function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

import { hasSingleKeys, switchSingleKeys } from '../live/shortcuts.js';
import { type TextKey, text } from '../text/text.js';
import { Dialog } from './dialog.js';

const KEYS: readonly [string, TextKey][] = [
  ['/', 'shortcuts.filter'],
  ['shortcuts.keys.rows', 'shortcuts.rows'],
  ['shortcuts.keys.open', 'shortcuts.open'],
  ['shortcuts.keys.back', 'shortcuts.back'],
  ['F', 'shortcuts.fit'],
  ['+  −', 'shortcuts.zoom'],
  ['M', 'shortcuts.mute'],
  ['0 … 9  *  #', 'shortcuts.dial'],
  ['?', 'shortcuts.help'],
];

/** Says which keys do what, and switches single keys off. */
export function KeyboardDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={text('shortcuts.title')} onClose={onClose}>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={what}>
            <dt>
              <kbd>{key.startsWith('shortcuts.') ? text(key as TextKey) : key}</kbd>
            </dt>
            <dd>{text(what)}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          data-testid="single-keys"
          checked={hasSingleKeys.value}
          onChange={(event) => switchSingleKeys(event.currentTarget.checked)}
        />
        {text('shortcuts.letters')}
      </label>
      <div class="buttons">
        <button type="button" autofocus onClick={onClose}>
          {text('close')}
        </button>
      </div>
    </Dialog>
  );
}

import { useEffect, useRef } from 'preact/hooks';
import type { CallsView } from '../live/calls-view.js';
import { count } from '../live/format.js';
import { SORTS, type Sort } from '../live/order.js';
import { onKeys } from '../live/shortcuts.js';
import type { TapeDesk } from '../live/tape-desk.js';
import { text } from '../text/text.js';
import { TapeButton } from './tape-drop.js';

/** The filter, the order and the view of the list. */
export function CallsToolbar({ desk, view }: { view: CallsView; desk: TapeDesk }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => onKeys({ '/': () => field.current?.select() }), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && view.query.value !== '') view.query.value = '';
    else if (event.key === 'ArrowDown') view.focusRow?.(undefined);
    else if (event.key === 'Enter' && view.shown.value.length === 1)
      location.assign(`/console/calls/${view.shown.value[0] ?? ''}`);
    else return;
    event.preventDefault();
  };
  const { value: shown } = view.shown;
  return (
    <form class="toolbar" role="search" onSubmit={(event) => event.preventDefault()}>
      <label class="field grow">
        <span>{text('filter')}</span>
        <input
          ref={field}
          type="search"
          data-testid="calls-filter"
          placeholder={text('filter.hint')}
          autocomplete="off"
          spellcheck={false}
          value={view.query.value}
          onInput={(event) => (view.query.value = event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        {view.query.value !== '' && (
          <output class="shown">
            {text('filter.shown', { shown: count(shown.length), all: count(view.liveCount.value) })}
          </output>
        )}
      </label>
      <label class="field">
        <span>{text('sort')}</span>
        <select
          data-testid="calls-sort"
          value={view.sort.value}
          onChange={(event) => view.sortBy(event.currentTarget.value as Sort)}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort} selected={sort === view.sort.value}>
              {text(`sort.${sort}`)}
            </option>
          ))}
        </select>
      </label>
      <fieldset class="segments">
        <legend class="unseen">{text('view')}</legend>
        {(['list', 'wall'] as const).map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="view"
              data-testid={`view-${name}`}
              checked={view.isWall.value === (name === 'wall')}
              onChange={() => (view.isWall.value = name === 'wall')}
            />
            <span>{text(`view.${name}`)}</span>
          </label>
        ))}
      </fieldset>
      <TapeButton desk={desk} label={text('tape.open')} />
    </form>
  );
}

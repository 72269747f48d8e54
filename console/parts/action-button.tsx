import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import type { Fault } from '../../src/console/messages.js';
import { act } from '../live/api.js';
import { announce } from '../live/announcer.js';
import { type TextKey, text } from '../text/text.js';
import { Dialog } from './dialog.js';

const FAILURES: ReadonlySet<number> = new Set([0, 403, 404, 409]);

/**
 * A button for something that cannot be taken back: it asks first, and the safe answer has the focus. `path` and `fields`: the
 * request of the API.
 */
export function ActionButton({
  danger = false,
  disabled = false,
  extra,
  fields,
  name,
  path,
  testId,
  values = {},
}: {
  name: 'drain' | 'hangup' | 'escalate' | `fault.${Fault}`;
  testId: string;
  path: string;
  fields?: () => Record<string, unknown>;
  values?: Record<string, string>;
  disabled?: boolean;
  danger?: boolean;
  extra?: ComponentChildren;
}) {
  // All faults are answered alike.
  const answers = name.startsWith('fault.') ? 'fault' : (name as 'drain' | 'hangup' | 'escalate');
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState('');
  const [isDone, setDone] = useState(false);
  const explained = useId();
  const close = (): void => {
    setAsking(false);
    setFailure('');
  };
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setFailure('');
    const status = await act(path, fields?.() ?? {});
    setBusy(false);
    if (status === 202) {
      setAsking(false);
      setDone(true);
      announce(text(`${answers}.done`));
    } else setFailure(FAILURES.has(status) ? text(`action.${status}` as TextKey) : text('action.failed', { status }));
  };
  return (
    <>
      <button
        type="button"
        class={danger ? 'danger' : undefined}
        data-testid={testId}
        data-done={isDone}
        disabled={disabled}
        onClick={() => setAsking(true)}
      >
        {text(name === 'drain' ? 'drain' : `${name}.button`)}
      </button>
      {isAsking && (
        <Dialog testId="confirm-dialog" title={text(`${name}.title`)} onClose={close}>
          <p id={explained}>{text(`${name}.text`, values)}</p>
          {extra}
          <p class="failure" role="alert">
            {failure}
          </p>
          <div class="buttons">
            <button type="button" data-testid="confirm-no" autofocus aria-describedby={explained} onClick={close}>
              {text('no')}
            </button>
            <button
              type="button"
              class={danger ? 'danger solid' : 'solid'}
              data-testid="confirm-yes"
              disabled={isBusy}
              onClick={() => void confirm()}
            >
              {text(isBusy ? 'action.busy' : `${answers}.yes`)}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

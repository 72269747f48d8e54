import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

/** A dialog over the page. The browser keeps the focus in it, and Esc closes it. Focus returns to where it was. */
export function Dialog({
  children,
  onClose,
  testId,
  title,
}: {
  children: ComponentChildren;
  onClose: () => void;
  testId?: string;
  title: string;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  const cancel = (event: Event): void => {
    event.preventDefault();
    onClose();
  };
  const onClick = (event: MouseEvent): void => {
    // The dialog itself is its backdrop, because its content fills it.
    if (event.target === dialog.current) onClose();
  };
  return (
    <dialog ref={dialog} data-testid={testId} aria-labelledby={titleId} onCancel={cancel} onClick={onClick}>
      <div class="dialog">
        <h2 id={titleId}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

import type { ReadonlySignal } from '@preact/signals';
import { useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';

/** How loud somebody is, from 0 to 100. It is told without drawing the page anew, because it changes fifty times a second. */
export function Meter({ label, level, testId }: { label: string; level: ReadonlySignal<number>; testId: string }) {
  const bar = useRef<HTMLDivElement>(null);
  const fill = useRef<SVGRectElement>(null);
  useSignalEffect(() => {
    const now = Math.round(level.value);
    bar.current?.setAttribute('aria-valuenow', String(now));
    fill.current?.setAttribute('width', String(now));
  });
  return (
    <div class="meter">
      <span class="meter-name">{label}</span>
      <div
        ref={bar}
        role="meter"
        data-testid={testId}
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={0}
      >
        <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect class="meter-fill" ref={fill} width="0" height="8" />
        </svg>
      </div>
    </div>
  );
}

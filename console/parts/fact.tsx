import type { ComponentChildren } from 'preact';

/** One thing that is known of a call, in a list of such. */
export function Fact({ children, name }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

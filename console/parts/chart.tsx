/** A small chart of values in time. Its figures must stand in a table elsewhere on the page. `undefined`: not known. */
export function Chart({
  kind,
  label,
  testId,
  values,
}: {
  kind: 'bars' | 'line';
  label: string;
  testId: string;
  values: readonly (number | undefined)[];
}) {
  const [width, height] = [values.length * 4, 40];
  const max = Math.max(1, ...values.map((value) => value ?? 0)) * 1.08;
  const y = (value: number): number => height - (value / max) * height;
  return (
    <svg
      class={`chart ${kind}`}
      data-testid={testId}
      role="img"
      aria-label={label}
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
    >
      <line x1="0" x2={width} y1={height} y2={height} class="base" />
      {kind === 'bars'
        ? values.map((value, at) =>
            value === undefined || value === 0 ? null : (
              <rect key={at} x={at * 4 + 0.5} width="3" y={y(value)} height={height - y(value)} />
            ),
          )
        : stretches(values).map((stretch) => (
            <path
              key={stretch[0]?.at}
              d={
                stretch
                  .map(({ at, value }, index) => `${index === 0 ? 'M' : 'L'}${at * 4 + 2} ${y(value).toFixed(1)}`)
                  .join('') + (stretch.length === 1 ? 'h.01' : '')
              }
            />
          ))}
    </svg>
  );
}

/** Returns the known values in their unbroken stretches, but bridges gaps of half a minute, in which nobody may have spoken. */
function stretches(values: readonly (number | undefined)[]): { at: number; value: number }[][] {
  const found: { at: number; value: number }[][] = [];
  let last: { at: number; value: number }[] | undefined;
  for (const [at, value] of values.entries()) {
    if (value === undefined) continue;
    if (last === undefined || at - (last.at(-1)?.at ?? 0) > 3) found.push((last = []));
    last.push({ at, value });
  }
  return found;
}

// Turns the source of src/base/silence-budget.ts into the tables of docs/operate/resilience.md.

/** One table for each `// …` comment of the source, with the name, value and doc comment of each entry below it. */
export function silenceBudgetTables(source) {
  const lines = [];
  let comment;
  const body = source.slice(source.indexOf('SILENCE_BUDGET = {'));
  for (const [, doc, group, name, number] of body.matchAll(
    /\/\*\*([\s\S]*?)\*\/|^ {2}\/\/ (.*?)\.?$|^ {2}(\w+): ([\d_]+),$/gm,
  )) {
    if (doc !== undefined) {
      comment = doc
        .replace(/\n\s*\*/g, ' ')
        .replace(/\s+/g, ' ')
        .trim();
    } else if (group !== undefined) {
      lines.push('', `**${group}**`, '', '| wait | time | what it is |', '|---|---|---|');
    } else {
      if (comment === undefined) throw new Error(`${name} has no comment.`);
      lines.push(`| \`${name}\` | ${seconds(name, number)} | ${comment} |`);
      comment = undefined;
    }
  }
  return lines.join('\n').trim();
}

/** Replaces what stands between the markers of `page`. */
export function withSilenceBudget(page, source) {
  const [start, end] = ['<!-- silence budget: generated -->', '<!-- end -->'];
  const from = page.indexOf(start);
  const to = page.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error('The page has no markers for the silence budget.');
  return `${page.slice(0, from)}${start}\n\n${silenceBudgetTables(source)}\n\n${page.slice(to)}`;
}

function seconds(name, number) {
  const value = Number(number.replaceAll('_', ''));
  return `${name.endsWith('Ms') ? value / 1000 : value} s`;
}

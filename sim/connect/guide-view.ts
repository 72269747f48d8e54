import { fieldsOf, textOf } from './flow-values.js';

/** What the agent sees: the data of Connect's own view "Detail" with every path filled in. */
export interface GuideView {
  heading: string;
  description: string;
  bar: readonly GuideItem[];
  sections: readonly { heading: string; items: readonly GuideItem[] }[];
  /** The words of the link that closes the view. */
  back: string;
}

export interface GuideItem {
  label: string;
  value: string;
  /** Where the value leads, in a new page of the browser. */
  url: string;
}

/** Reads the data of a view. `fill` replaces the paths in a text. */
export function readView(data: unknown, fill: (text: string) => string): GuideView {
  const fields = fieldsOf(data);
  const items = (value: unknown): GuideItem[] =>
    listOf(value).map((one) => {
      const { Label, LinkType, Url, Value } = fieldsOf(one);
      const url = LinkType === 'external' ? fill(textOf(Url)) : '';
      return { label: fill(textOf(Label)), value: fill(textOf(Value)), url };
    });
  return {
    heading: fill(textOf(fields['Heading'])),
    description: fill(textOf(fields['Description'])),
    bar: items(fields['AttributeBar']),
    sections: listOf(fields['Sections']).map((one) => {
      const { Heading, Items } = fieldsOf(one);
      return { heading: fill(textOf(Heading)), items: items(Items) };
    }),
    back: fill(textOf(fieldsOf(fields['Back'])['Label'])),
  };
}

const ITEM_FIELDS = new Set(['Label', 'Value', 'LinkType', 'Url', 'Copyable']);

/**
 * Returns what is wrong with the data of the view "Detail" (Amazon Connect: AWS managed views), of which the flows use a part.
 * `text` checks one text.
 */
export function lintView(data: unknown, text: (value: unknown) => string | undefined): string | undefined {
  const { Actions, AttributeBar, Back, Description, Heading, Sections, ...others } = fieldsOf(data);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `has ${unknown}, which the view Detail does not know`;
  for (const [name, value] of Object.entries({ Heading, Description })) {
    const problem = value === undefined ? undefined : text(value);
    if (problem !== undefined) return `${name} ${problem}`;
  }
  if (AttributeBar !== undefined && !Array.isArray(AttributeBar)) return 'AttributeBar is no list';
  if (!Array.isArray(Sections) || Sections.length === 0)
    return 'has no Sections, without which the view cannot be drawn';
  if (text(fieldsOf(Back)['Label']) !== undefined && listOf(Actions).length === 0)
    return 'has neither Back with a Label nor Actions, so that an agent cannot leave it';
  for (const section of Sections as unknown[]) {
    // Markup would be drawn as such, also when a caller said it.
    if (!Array.isArray(fieldsOf(section)['Items'])) return 'has a section that is no list of Items';
  }
  for (const item of [
    ...listOf(AttributeBar),
    ...(Sections as unknown[]).flatMap((one) => listOf(fieldsOf(one)['Items'])),
  ]) {
    const problem = lintItem(fieldsOf(item), text);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function lintItem(
  item: Readonly<Record<string, unknown>>,
  text: (value: unknown) => string | undefined,
): string | undefined {
  for (const name of Object.keys(item)) if (!ITEM_FIELDS.has(name)) return `has an item with ${name}`;
  for (const name of ['Label', 'Value'] as const) {
    const problem = text(item[name]);
    if (problem !== undefined) return `has an item whose ${name} ${problem}`;
  }
  const isLink = item['LinkType'] !== undefined;
  if (isLink && (item['LinkType'] !== 'external' || text(item['Url']) !== undefined))
    return 'has a link that is not external with a Url';
  return !isLink && item['Url'] !== undefined ? 'has a Url without a LinkType' : undefined;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

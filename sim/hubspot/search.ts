import { type Problem, invalidInput } from './problem.js';
import type { StoredObject } from './objects.js';
import { type ObjectType, isProperty, isRecord } from './schema.js';

interface Filter {
  propertyName: string;
  operator: string;
  value: string;
}

export interface SearchRequest {
  /** An object is found if all filters of one group match. Without groups every object is found. */
  groups: readonly (readonly Filter[])[];
  properties: readonly string[];
  limit: number;
}

const MAX_GROUPS = 5;
const MAX_FILTERS = 6;
const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 10;
const OPERATORS = ['EQ', 'NEQ', 'CONTAINS_TOKEN', 'NOT_CONTAINS_TOKEN', 'HAS_PROPERTY', 'NOT_HAS_PROPERTY'];
const FIELDS = new Set(['filterGroups', 'properties', 'limit', 'after', 'sorts', 'query']);

export function readSearch(type: ObjectType, body: unknown): SearchRequest | Problem {
  if (!isRecord(body)) return invalidInput('Invalid input JSON: expected an object');
  const unknown = Object.keys(body).find((name) => !FIELDS.has(name));
  if (unknown !== undefined) return invalidInput(`Invalid input JSON: unknown field "${unknown}"`);
  const { filterGroups = [], limit = DEFAULT_LIMIT, properties = [] } = body;
  if (!Array.isArray(filterGroups) || filterGroups.length > MAX_GROUPS)
    return invalidInput(`At most ${MAX_GROUPS} filterGroups`);
  if (!Array.isArray(properties)) return invalidInput('Invalid input JSON: properties is not a list');
  if (typeof limit !== 'number' || !(limit >= 1 && limit <= MAX_LIMIT))
    return invalidInput(`limit is not from 1 to ${MAX_LIMIT}`);
  const groups: Filter[][] = [];
  for (const group of filterGroups) {
    const filters = readFilters(type, group);
    if (!Array.isArray(filters)) return filters;
    groups.push(filters);
  }
  return { groups, properties: properties.map(String), limit };
}

export function matches({ properties }: StoredObject, { groups }: SearchRequest): boolean {
  return (
    groups.length === 0 ||
    groups.some((group) => group.every((filter) => holds(properties[filter.propertyName], filter)))
  );
}

function readFilters(type: ObjectType, group: unknown): Filter[] | Problem {
  const given = isRecord(group) ? group['filters'] : undefined;
  if (!Array.isArray(given) || given.length === 0 || given.length > MAX_FILTERS) {
    return invalidInput(`Every filterGroup has from 1 to ${MAX_FILTERS} filters`);
  }
  const filters: Filter[] = [];
  for (const one of given) {
    const { operator, propertyName, value } = isRecord(one) ? one : {};
    if (typeof propertyName !== 'string' || !isProperty(type, propertyName))
      return invalidInput(`There is no property "${String(propertyName)}" to search by`);
    if (typeof operator !== 'string' || !OPERATORS.includes(operator))
      return invalidInput(`"${String(operator)}" is not an operator`);
    const needsValue = !operator.endsWith('HAS_PROPERTY');
    if (needsValue && (typeof value !== 'string' || value === '')) return invalidInput('A filter has no value');
    filters.push({ propertyName, operator, value: typeof value === 'string' ? value : '' });
  }
  return filters;
}

function holds(given: string | undefined, { operator, value }: Filter): boolean {
  switch (operator) {
    case 'EQ':
      return given?.toLowerCase() === value.toLowerCase();
    case 'NEQ':
      return given?.toLowerCase() !== value.toLowerCase();
    case 'CONTAINS_TOKEN':
      return hasToken(given, value);
    case 'NOT_CONTAINS_TOKEN':
      return !hasToken(given, value);
    case 'HAS_PROPERTY':
      return given !== undefined;
    default:
      return given === undefined;
  }
}

/** Whether the text contains a whole word. `*` stands for the rest of a word. */
function hasToken(text = '', wanted: string): boolean {
  const pattern = wanted
    .toLowerCase()
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('[^ ]*');
  const token = new RegExp(`^${pattern}$`);
  return text
    .toLowerCase()
    .split(/[^\p{Letter}\p{Number}]+/u)
    .some((word) => token.test(word));
}

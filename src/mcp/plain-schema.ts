/** Maximum depth of a schema, number of its parts, and length of what it holds as JSON. */
const MAX_DEPTH = 8;
const MAX_PARTS = 200;
const MAX_CHARS = 6000;
const MAX_DESCRIPTION_CHARS = 300;
const MAX_CHOICES = 100;
const MAX_VARIANTS = 8;

const TYPES: ReadonlySet<unknown> = new Set(['string', 'number', 'integer', 'boolean', 'array', 'object']);
const FORMATS: ReadonlySet<unknown> = new Set(['date', 'date-time', 'time', 'email', 'uri', 'uuid']);
const BOUNDS = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems'] as const;
const NAME = /^(?!__proto__$)[A-Za-z0-9_.$-]{1,64}$/;

type Json = Readonly<Record<string, unknown>>;

/** Thrown for a schema that a model cannot be told. `message` completes "its arguments …". */
class Unsayable extends Error {}

/**
 * Returns the schema of a tool's arguments in the words that every model knows, or a string: why that is not possible.
 *
 * A service that does not like one schema refuses the session with all its tools (OpenAI: "schema must have type 'object' and not
 * have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level"; Amazon Nova asks for type, properties and required alone there). So
 * everything is written anew, references are filled in, and a rule that is not known is left out: the server checks its arguments
 * itself. No pattern passes, because a pattern of a stranger can take any time.
 */
export function plainSchema(schema: unknown): Record<string, unknown> | string {
  try {
    if (!isObject(schema)) throw new Unsayable('are not described');
    const { properties, required, type } = new Writer(schema).written(schema, 0);
    if (type !== 'object') throw new Unsayable('are no object');
    const root = { type, properties: properties ?? {}, ...(required === undefined ? {} : { required }) };
    if (JSON.stringify(root).length > MAX_CHARS)
      throw new Unsayable(`are described in more than ${MAX_CHARS} characters`);
    return root;
  } catch (error) {
    if (error instanceof Unsayable) return error.message;
    throw error;
  }
}

class Writer {
  private readonly root: Json;
  private parts = 0;

  constructor(root: Json) {
    this.root = root;
  }

  written(given: unknown, depth: number): Record<string, unknown> {
    if (++this.parts > MAX_PARTS) throw new Unsayable(`have more than ${MAX_PARTS} parts`);
    if (depth > MAX_DEPTH) throw new Unsayable(`are nested more than ${MAX_DEPTH} deep, or refer to themselves`);
    if (!isObject(given)) return {};
    if (typeof given['$ref'] === 'string') {
      return { ...this.written(this.referred(given['$ref']), depth + 1), ...description(given) };
    }
    const variants = given['anyOf'] ?? given['oneOf'];
    if (Array.isArray(variants)) return this.variants(variants, given, depth);
    const all = given['allOf'];
    if (Array.isArray(all)) return { ...this.merged([given, ...(all as unknown[])], depth), ...description(given) };
    return this.alone(given, depth);
  }

  /** Either of several, of which "nothing" is not one: what may be left out is not required. */
  private variants(variants: readonly unknown[], given: Json, depth: number): Record<string, unknown> {
    const own = this.alone(given, depth);
    if (own['type'] === 'object') return own;
    const kept = variants.filter((each) => !(isObject(each) && each['type'] === 'null'));
    if (kept.length > MAX_VARIANTS) return description(given);
    const written = kept.map((each) => this.written(each, depth + 1));
    const [first] = written;
    if (first === undefined) return description(given);
    return written.length === 1 ? { ...first, ...description(given) } : { anyOf: written, ...description(given) };
  }

  private merged(given: readonly unknown[], depth: number): Record<string, unknown> {
    let whole: Record<string, unknown> = {};
    for (const each of given.slice(0, MAX_VARIANTS)) {
      const { allOf: _, ...rest } = isObject(each) ? each : {};
      const { properties, required, ...others } = this.written(rest, depth + 1);
      whole = {
        ...whole,
        ...others,
        ...joined('properties', whole['properties'], properties),
        ...joined('required', whole['required'], required),
      };
    }
    return whole;
  }

  private alone(given: Json, depth: number): Record<string, unknown> {
    const type = typeOf(given);
    const choices = 'const' in given ? [given['const']] : given['enum'];
    const fallback = given['default'];
    return {
      ...(type === undefined ? {} : { type }),
      ...description(given),
      ...(Array.isArray(choices) ? { enum: choicesOf(choices) } : {}),
      ...Object.fromEntries(BOUNDS.filter((name) => Number.isFinite(given[name])).map((name) => [name, given[name]])),
      ...(type === 'string' && FORMATS.has(given['format']) ? { format: given['format'] } : {}),
      ...(isPlain(fallback) ? { default: fallback } : {}),
      ...(type === 'array' ? { items: this.written(given['items'], depth + 1) } : {}),
      ...(type === 'object' ? this.members(given, depth) : {}),
    };
  }

  private members(given: Json, depth: number): Record<string, unknown> {
    const properties = isObject(given['properties']) ? given['properties'] : {};
    const needed: unknown[] = Array.isArray(given['required']) ? given['required'] : [];
    const wrong = needed.find((name) => typeof name !== 'string' || !NAME.test(name));
    if (wrong !== undefined) throw new Unsayable('need one whose name is not made of letters, digits, - and _');
    const members = Object.entries(properties)
      .filter(([name]) => NAME.test(name))
      .map(([name, member]) => [name, this.written(member, depth + 1)] as const);
    const required = [...new Set(needed)].filter((name) => members.some(([known]) => known === name));
    return { properties: Object.fromEntries(members), ...(required.length === 0 ? {} : { required }) };
  }

  /** Follows a reference inside the schema. */
  private referred(pointer: string): unknown {
    if (!pointer.startsWith('#/')) throw new Unsayable('are described in another place');
    let at: unknown = this.root;
    for (const name of pointer.slice(2).split('/')) {
      const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
      if (!isObject(at) || !Object.hasOwn(at, key)) throw new Unsayable('refer to what is not there');
      at = at[key];
    }
    return at;
  }
}

function typeOf({ properties, type }: Json): unknown {
  if (TYPES.has(type)) return type;
  if (Array.isArray(type)) {
    const named = type.filter((each) => each !== 'null');
    return named.length === 1 && TYPES.has(named[0]) ? (named[0] as unknown) : undefined;
  }
  return isObject(properties) ? 'object' : undefined;
}

function choicesOf(given: readonly unknown[]): unknown[] {
  if (given.length > MAX_CHOICES || !given.every((each) => each === null || isPlain(each)))
    throw new Unsayable(`have a choice that is no text or number, or one of more than ${MAX_CHOICES}`);
  return given.filter((each) => each !== null);
}

function description({ description: text }: Json): { description?: string } {
  return typeof text === 'string' && text.trim() !== '' ? { description: shortText(text, MAX_DESCRIPTION_CHARS) } : {};
}

/** Returns a stranger's text as one line of limited length, without control characters. */
export function shortText(text: string, most: number): string {
  const line = text
    .slice(0, most * 2)
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return line.length <= most ? line : `${line.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

function joined(name: string, before: unknown, now: unknown): Record<string, unknown> {
  if (now === undefined) return before === undefined ? {} : { [name]: before };
  if (Array.isArray(now))
    return { [name]: [...(Array.isArray(before) ? (before as unknown[]) : []), ...(now as unknown[])] };
  return { [name]: { ...(before as object | undefined), ...(now as object) } };
}

function isPlain(value: unknown): boolean {
  return (
    typeof value === 'boolean' ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    (typeof value === 'string' && value.length <= 200)
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

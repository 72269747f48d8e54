import { type Problem, invalidInput } from './problem.js';

export const OBJECT_TYPES = ['contacts', 'tickets', 'notes'] as const;
export type ObjectType = (typeof OBJECT_TYPES)[number];

export type Properties = Record<string, string>;

interface TypeSchema {
  /** Properties that a client may write. */
  writable: ReadonlySet<string>;
  /** Properties that a client can only read and search. */
  computed: ReadonlySet<string>;
  required: readonly string[];
}

const EVERYWHERE = ['createdate', 'hs_object_id', 'hs_lastmodifieddate'];
const PHONES = ['hs_searchable_calculated_phone_number', 'hs_searchable_calculated_mobile_number'];

const SCHEMAS: Readonly<Record<ObjectType, TypeSchema>> = {
  contacts: {
    writable: new Set(['firstname', 'lastname', 'email', 'phone', 'mobilephone', 'company', 'lifecyclestage']),
    computed: new Set([...EVERYWHERE, ...PHONES, 'lastmodifieddate']),
    required: [],
  },
  tickets: {
    writable: new Set([
      'subject',
      'content',
      'hs_pipeline',
      'hs_pipeline_stage',
      'hs_ticket_priority',
      'hs_ticket_category',
      'hubspot_owner_id',
    ]),
    computed: new Set(EVERYWHERE),
    required: ['hs_pipeline_stage', 'subject'],
  },
  notes: {
    writable: new Set(['hs_timestamp', 'hs_note_body', 'hubspot_owner_id', 'hs_attachment_ids']),
    computed: new Set([...EVERYWHERE, 'hs_createdate']),
    required: ['hs_timestamp'],
  },
};

/** HubSpot's own association types between two objects. */
const ASSOCIATION_TYPES: Readonly<Record<string, number>> = {
  'contacts→tickets': 15,
  'tickets→contacts': 16,
  'notes→contacts': 202,
  'notes→tickets': 228,
};
const PRIORITIES = ['LOW', 'MEDIUM', 'HIGH', 'URGENT'];
const MAX_NOTE_CHARACTERS = 65_536;

export function isObjectType(text: string): text is ObjectType {
  return OBJECT_TYPES.some((type) => type === text);
}

export function isProperty(type: ObjectType, name: string): boolean {
  return SCHEMAS[type].writable.has(name) || SCHEMAS[type].computed.has(name);
}

/** Checks the properties of a create. Returns them, or the refusal. `pipelines` maps a pipeline to its stages. */
export function readProperties(
  type: ObjectType,
  value: unknown,
  pipelines: ReadonlyMap<string, ReadonlySet<string>>,
): Properties | Problem {
  if (!isRecord(value)) return invalidInput('Some required fields were not set: [properties]');
  const properties: Properties = {};
  for (const [name, raw] of Object.entries(value)) {
    const wrong = wrongProperty(type, name, raw);
    if (wrong !== undefined) return wrong;
    properties[name] = String(raw);
  }
  const missing = SCHEMAS[type].required.filter((name) => (properties[name] ?? '') === '');
  if (missing.length > 0)
    return invalidInput(`Error creating object. Some required properties were not set: ${missing.join(', ')}`);
  return wrongValues(type, properties, pipelines) ?? properties;
}

function wrongProperty(type: ObjectType, name: string, raw: unknown): Problem | undefined {
  if (!isProperty(type, name)) {
    return invalidInput(
      `Property values were not valid: [{"isValid":false,"message":"Property \\"${name}\\" does not exist","error":"PROPERTY_DOESNT_EXIST","name":"${name}"}]`,
      'PROPERTY_DOESNT_EXIST',
    );
  }
  if (!SCHEMAS[type].writable.has(name)) return invalidInput(`"${name}" is a read only property`, 'READ_ONLY_VALUE');
  const isText = typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean';
  return isText ? undefined : invalidInput(`Invalid input JSON: property "${name}" is not a string`);
}

function wrongValues(
  type: ObjectType,
  properties: Properties,
  pipelines: ReadonlyMap<string, ReadonlySet<string>>,
): Problem | undefined {
  if (type === 'tickets') {
    const { hs_pipeline: pipeline = '0', hs_pipeline_stage: stage = '', hs_ticket_priority: priority } = properties;
    if (pipelines.get(pipeline)?.has(stage) !== true)
      return invalidInput(`"${stage}" is not a valid pipeline stage ID.`, 'INVALID_OPTION');
    if (priority !== undefined && !PRIORITIES.includes(priority))
      return invalidInput(`${priority} was not one of the allowed options.`, 'INVALID_OPTION');
  }
  if (type === 'notes') {
    const { hs_note_body: body = '', hs_timestamp: at = '' } = properties;
    if (body.length > MAX_NOTE_CHARACTERS)
      return invalidInput(`hs_note_body is longer than ${MAX_NOTE_CHARACTERS} characters`);
    if (Number.isNaN(Date.parse(at)) && !/^\d{12,14}$/.test(at))
      return invalidInput('hs_timestamp is not a date', 'INVALID_DATE');
  }
  return undefined;
}

export interface Association {
  to: ObjectType;
  id: string;
}

/** Checks the associations of a create. Returns them, or the refusal. `typeOf` returns the type of an object by id. */
export function readAssociations(
  from: ObjectType,
  value: unknown,
  typeOf: (id: string) => ObjectType | undefined,
): Association[] | Problem {
  if (value === undefined) return [];
  if (!Array.isArray(value)) return invalidInput('Invalid input JSON: associations is not a list');
  const associations: Association[] = [];
  for (const entry of value) {
    const read = readAssociation(from, entry, typeOf);
    if ('body' in read) return read;
    associations.push(read);
  }
  return associations;
}

function readAssociation(
  from: ObjectType,
  entry: unknown,
  typeOf: (id: string) => ObjectType | undefined,
): Association | Problem {
  const id = isRecord(entry) && isRecord(entry['to']) ? entry['to']['id'] : undefined;
  const types = isRecord(entry) ? entry['types'] : undefined;
  if (typeof id !== 'string' && typeof id !== 'number')
    return invalidInput('Some required fields were not set: [to.id]');
  if (!Array.isArray(types) || types.length === 0) return invalidInput('Some required fields were not set: [types]');
  const to = typeOf(String(id));
  if (to === undefined)
    return invalidInput(`One or more associations are not valid: object ${id} does not exist`, 'INVALID_ASSOCIATION');
  const right = ASSOCIATION_TYPES[`${from}→${to}`];
  const isRight = types.every(
    (type: unknown) =>
      isRecord(type) && type['associationCategory'] === 'HUBSPOT_DEFINED' && type['associationTypeId'] === right,
  );
  if (!isRight)
    return invalidInput(
      `One or more associations are not valid: no such type from ${from} to ${to}`,
      'INVALID_ASSOCIATION',
    );
  return { to, id: String(id) };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { HandoverRecord } from './record.js';

/** A DynamoDB item in the SDK's form. */
export type Item = Record<string, AttributeValue>;

/** Encodes strings as `S` and numbers as `N`. A record has no other types. */
export function toItem(fields: Readonly<Record<string, string | number>>): Item {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'number' ? { N: String(value) } : { S: value },
    ]),
  );
}

/** Decodes a record. A field that is missing, because another version wrote the item, is empty. */
export function toRecord(item: Item): HandoverRecord {
  return {
    handover_id: textOf(item, 'handover_id'),
    conversation_id: textOf(item, 'conversation_id'),
    customer_phone: textOf(item, 'customer_phone'),
    customer_name: textOf(item, 'customer_name'),
    summary: textOf(item, 'summary'),
    ...(item['briefing'] === undefined ? {} : briefingIn(item)),
    intent: textOf(item, 'intent'),
    reason: textOf(item, 'reason'),
    priority: textOf(item, 'priority'),
    language: textOf(item, 'language'),
    assistant: textOf(item, 'assistant'),
    queue_arn: textOf(item, 'queue_arn'),
    hubspot_contact_id: textOf(item, 'hubspot_contact_id'),
    hubspot_ticket_id: textOf(item, 'hubspot_ticket_id'),
    crm_url: textOf(item, 'crm_url'),
    created_at: numberOf(item, 'created_at'),
    expires_at: numberOf(item, 'expires_at'),
    status: textOf(item, 'status') === 'consumed' ? 'consumed' : 'issued',
  };
}

function briefingIn(item: Item): Pick<HandoverRecord, 'briefing' | 'briefing_language'> {
  return { briefing: textOf(item, 'briefing'), briefing_language: textOf(item, 'briefing_language') };
}

/** Returns an empty text if the attribute is missing or not a text. */
export function textOf(item: Item, name: string): string {
  // The SDK passes on what it got, whatever its types say.
  const value: unknown = item[name]?.S;
  return typeof value === 'string' ? value : '';
}

/** Returns 0 if the attribute is missing or not a number. */
export function numberOf(item: Item, name: string): number {
  const value = Number(item[name]?.N ?? '0');
  return Number.isFinite(value) ? value : 0;
}

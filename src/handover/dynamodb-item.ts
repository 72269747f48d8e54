import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { HandoverRecord } from './record.js';

/** A DynamoDB item as the SDK gives it. */
export type Item = Record<string, AttributeValue>;

/** Strings become `S`, numbers `N`; a record knows nothing else. */
export function toItem(fields: Readonly<Record<string, string | number>>): Item {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'number' ? { N: String(value) } : { S: value },
    ]),
  );
}

/** The record in `item`; what is missing, because another version wrote it, is empty. */
export function toRecord(item: Item): HandoverRecord {
  return {
    handover_id: textOf(item, 'handover_id'),
    conversation_id: textOf(item, 'conversation_id'),
    customer_phone: textOf(item, 'customer_phone'),
    customer_name: textOf(item, 'customer_name'),
    summary: textOf(item, 'summary'),
    intent: textOf(item, 'intent'),
    reason: textOf(item, 'reason'),
    priority: textOf(item, 'priority'),
    language: textOf(item, 'language'),
    queue_arn: textOf(item, 'queue_arn'),
    hubspot_contact_id: textOf(item, 'hubspot_contact_id'),
    hubspot_ticket_id: textOf(item, 'hubspot_ticket_id'),
    crm_url: textOf(item, 'crm_url'),
    created_at: numberOf(item, 'created_at'),
    expires_at: numberOf(item, 'expires_at'),
    status: textOf(item, 'status') === 'consumed' ? 'consumed' : 'issued',
  };
}

export function textOf(item: Item, name: string): string {
  return item[name]?.S ?? '';
}

/** 0 when the attribute is missing or no number. */
export function numberOf(item: Item, name: string): number {
  const value = Number(item[name]?.N ?? '0');
  return Number.isFinite(value) ? value : 0;
}

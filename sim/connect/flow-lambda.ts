import type { Clock, Timer } from '../../src/base/clock.js';
import type { FlowContact } from './flow-contact.js';

export type LambdaFunction = (event: unknown) => Promise<unknown>;

/** Maximum number of calls of a failing function. Connect makes them all within the block's limit. */
const LAMBDA_TRIES = 3;
const MAX_RESPONSE_BYTES = 32 * 1024;

/** Asks a function as Connect does. `undefined` if all tries failed, the limit passed, or the answer is no map of texts. */
export async function invokeLambda(
  lambda: LambdaFunction,
  {
    contact,
    clock,
    limitMs,
    parameters,
  }: {
    contact: FlowContact;
    clock: Clock;
    limitMs: number;
    parameters: Readonly<Record<string, string>>;
  },
): Promise<Readonly<Record<string, string>> | undefined> {
  const event = eventOf(contact, parameters);
  const limit = { isOver: false };
  let timer: Timer = { cancel: () => undefined };
  const late = new Promise<undefined>((resolve) => {
    timer = clock.setTimer(limitMs, () => {
      limit.isOver = true;
      resolve(undefined);
    });
  });
  try {
    for (let attempt = 0; attempt < LAMBDA_TRIES && !limit.isOver && !contact.isGone(); attempt++) {
      try {
        const response = await Promise.race([lambda(event), late]);
        return isStringMap(response) ? response : undefined;
      } catch {
        // The service retries a failing function.
      }
    }
    return undefined;
  } finally {
    timer.cancel();
  }
}

function eventOf(contact: FlowContact, parameters: Readonly<Record<string, string>>): unknown {
  const { contactId, customerNumber, systemNumber, attributes } = contact;
  return {
    Name: 'ContactFlowEvent',
    Details: {
      ContactData: {
        Attributes: attributes,
        Channel: 'VOICE',
        ContactId: contactId,
        InitialContactId: contactId,
        PreviousContactId: contactId,
        CustomerEndpoint: { Address: customerNumber, Type: 'TELEPHONE_NUMBER' },
        SystemEndpoint: { Address: systemNumber, Type: 'TELEPHONE_NUMBER' },
        InitiationMethod: 'INBOUND',
        InstanceARN: 'arn:aws:connect:us-east-1:000000000000:instance/00000000-0000-0000-0000-000000000000',
        Queue: null,
        LanguageCode: 'en-US',
        MediaStreams: { Customer: { Audio: null } },
      },
      Parameters: parameters,
    },
  };
}

function isStringMap(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  if (!Object.values(value).every((entry) => typeof entry === 'string')) return false;
  return Buffer.byteLength(JSON.stringify(value)) < MAX_RESPONSE_BYTES;
}

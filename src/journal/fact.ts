import { z } from 'zod';

const fact = z.object({
  /** CallSid of the called leg that Twilio has reported the end of. */
  legSid: z.string(),
  /** Seconds it was connected. */
  legSeconds: z.number(),
});

/** What an instance learns about a call that another one holds. It stands beside the entry, which only the holder writes. */
export type JournalFact = z.infer<typeof fact>;

/** Returns the name under which the fact about a call is stored. No call has such a name. */
export function factPlace(callSid: string): string {
  return `${callSid}.told`;
}

export function serializeFact(given: JournalFact): Buffer {
  return Buffer.from(JSON.stringify(given));
}

/** Returns `undefined` if the fact is not valid, for example because a later version wrote it. */
export function deserializeFact(json: Buffer): JournalFact | undefined {
  try {
    return fact.safeParse(JSON.parse(json.toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

/** The facts about a handover that its ticket shows. */
export interface TicketFacts {
  conversationId: string;
  handoverId: string | undefined;
  customerPhone: string;
  reason: string;
  intent: string;
  priority: string;
  language: string;
}

/** Amazon Connect answers the lowest number first. A contact without a priority has 5. */
const MEDIUM_FROM = 5;
const LOW_FROM = 6;

/** Part of the subject that is unique in the account, so that a search finds a ticket whose creation was not answered. */
export function subjectToken({ conversationId }: Pick<TicketFacts, 'conversationId'>): string {
  return conversationId;
}

export function ticketProperties(
  facts: TicketFacts,
  { pipeline, stage }: { pipeline: string; stage: string },
): Record<string, string> {
  const { customerPhone, handoverId, intent, language, priority, reason } = facts;
  const lines = [
    'Handed over by the AI assistant on the phone.',
    `Reason: ${reason}`,
    `Topic: ${intent}`,
    `Language: ${language}`,
    `Caller: ${customerPhone === '' ? 'number withheld' : customerPhone}`,
    ...(handoverId === undefined ? [] : [`Handover: ${handoverId}`]),
  ];
  return {
    subject: `AI handover: ${reason} ${subjectToken(facts)}`,
    content: lines.join('\n'),
    hs_pipeline: pipeline,
    hs_pipeline_stage: stage,
    hs_ticket_priority: ticketPriority(Number(priority)),
  };
}

/** Builds a note. Its body is HTML. */
export function noteProperties(summary: string, reference: string, epochMs: number): Record<string, string> {
  return {
    hs_timestamp: new Date(epochMs).toISOString(),
    hs_note_body: `<p>${escapeHtml(summary)}</p><p>Handover ${reference}</p>`,
  };
}

function ticketPriority(priority: number): 'HIGH' | 'MEDIUM' | 'LOW' {
  if (priority < MEDIUM_FROM) return 'HIGH';
  return priority < LOW_FROM ? 'MEDIUM' : 'LOW';
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

import type { BriefingWords } from './briefing-words.js';

export const it: BriefingWords = {
  reasons: {
    requested_human: 'La persona chiede di parlare con un operatore',
    not_understood: "L'assistente non ha capito la persona",
    assistant_failed: "L'assistente ha avuto un guasto",
    complaint: 'La persona ha un reclamo',
    billing: 'La persona ha una domanda su una fattura o un pagamento',
    order: 'La persona ha una domanda su un ordine',
    returns: 'La persona vuole restituire qualcosa',
    technical: 'La persona ha un problema tecnico',
    account: 'La persona ha una domanda sul suo conto',
    sales: 'La persona potrebbe voler comprare qualcosa',
    other: "L'assistente non ha potuto aiutare",
    angry_caller: 'La persona è contrariata',
    caller_silent: 'La persona non rispondeva più',
    call_limit: "La chiamata è durata quanto l'assistente può parlare",
    stopping: "L'assistente ha dovuto fermarsi, non per colpa della persona",
    put_through: "La chiamata è stata passata subito, senza l'assistente",
  },
  topics: {
    billing: 'una fattura o un pagamento',
    returns: 'una restituzione',
    order: 'un ordine',
    technical: 'un problema tecnico',
    account: 'il conto',
    sales: 'un acquisto',
    opening_hours: 'gli orari di apertura',
  },
  about: 'Si tratta di questo: {topic}',
  unknown: "L'assistente le passa una chiamata",
  choice: 'Prema 1 per rispondere, o 2 per rifiutare.',
};

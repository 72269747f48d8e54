import type { BriefingWords } from './briefing-words.js';

export const es: BriefingWords = {
  reasons: {
    requested_human: 'La persona quiere hablar con un agente',
    not_understood: 'El asistente no ha entendido a la persona',
    assistant_failed: 'El asistente ha tenido un fallo',
    complaint: 'La persona tiene una queja',
    billing: 'La persona tiene una pregunta sobre una factura o un pago',
    order: 'La persona tiene una pregunta sobre un pedido',
    returns: 'La persona quiere devolver algo',
    technical: 'La persona tiene un problema técnico',
    account: 'La persona tiene una pregunta sobre su cuenta',
    sales: 'La persona quizá quiera comprar algo',
    other: 'El asistente no ha podido ayudar',
    angry_caller: 'La persona está molesta',
    caller_silent: 'La persona dejó de contestar',
    call_limit: 'La llamada ha durado lo que el asistente puede hablar',
    stopping: 'El asistente ha tenido que parar, sin culpa de la persona',
    put_through: 'La llamada se ha pasado enseguida, sin el asistente',
  },
  topics: {
    billing: 'una factura o un pago',
    returns: 'una devolución',
    order: 'un pedido',
    technical: 'un problema técnico',
    account: 'la cuenta',
    sales: 'una compra',
    opening_hours: 'el horario de apertura',
  },
  about: 'Se trata de lo siguiente: {topic}',
  unknown: 'El asistente le pasa una llamada',
  choice: 'Pulse 1 para atender la llamada, o 2 para rechazarla.',
};

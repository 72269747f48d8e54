import type { BriefingWords } from './briefing-words.js';

export const pt: BriefingWords = {
  reasons: {
    requested_human: 'A pessoa pediu para falar com um atendente',
    not_understood: 'O assistente não entendeu a pessoa',
    assistant_failed: 'O assistente teve uma falha',
    complaint: 'A pessoa tem uma reclamação',
    billing: 'A pessoa tem uma dúvida sobre uma fatura ou um pagamento',
    order: 'A pessoa tem uma dúvida sobre um pedido',
    returns: 'A pessoa quer devolver algo',
    technical: 'A pessoa tem um problema técnico',
    account: 'A pessoa tem uma dúvida sobre a sua conta',
    sales: 'A pessoa talvez queira comprar algo',
    other: 'O assistente não conseguiu ajudar',
    angry_caller: 'A pessoa está irritada',
    caller_silent: 'A pessoa parou de responder',
    call_limit: 'A ligação durou o tempo que o assistente pode falar',
    stopping: 'O assistente teve de parar, sem culpa da pessoa',
    put_through: 'A ligação foi passada de imediato, sem o assistente',
  },
  topics: {
    billing: 'uma fatura ou um pagamento',
    returns: 'uma devolução',
    order: 'um pedido',
    technical: 'um problema técnico',
    account: 'a conta',
    sales: 'uma compra',
    opening_hours: 'o horário de funcionamento',
  },
  about: 'O assunto é {topic}',
  unknown: 'O assistente está passando uma ligação',
  choice: 'Pressione 1 para atender, ou 2 para recusar.',
};

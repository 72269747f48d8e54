import type { BriefingWords } from './briefing-words.js';

export const fr: BriefingWords = {
  reasons: {
    requested_human: 'La personne demande à parler à un conseiller',
    not_understood: "L'assistant n'a pas compris la personne",
    assistant_failed: "L'assistant a eu une panne",
    complaint: 'La personne a une réclamation',
    billing: 'La personne a une question sur une facture ou un paiement',
    order: 'La personne a une question sur une commande',
    returns: 'La personne veut retourner un article',
    technical: 'La personne a un problème technique',
    account: 'La personne a une question sur son compte',
    sales: "La personne s'intéresse à un achat",
    other: "L'assistant n'a pas pu aider",
    angry_caller: 'La personne est mécontente',
    caller_silent: 'La personne ne répondait plus',
    call_limit: "L'appel a duré aussi longtemps que l'assistant peut parler",
    stopping: "L'assistant a dû s'arrêter, sans que la personne y soit pour rien",
    put_through: "L'appel est passé tout de suite, sans l'assistant",
  },
  topics: {
    billing: 'une facture ou un paiement',
    returns: 'un retour',
    order: 'une commande',
    technical: 'un problème technique',
    account: 'le compte',
    sales: 'un achat',
    opening_hours: "les heures d'ouverture",
  },
  about: 'Cela concerne {topic}',
  unknown: "L'assistant vous passe un appel",
  choice: "Tapez 1 pour prendre l'appel, ou 2 pour le refuser.",
};

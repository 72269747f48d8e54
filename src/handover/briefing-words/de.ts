import type { BriefingWords } from './briefing-words.js';

export const de: BriefingWords = {
  reasons: {
    requested_human: 'Jemand möchte mit einem Menschen sprechen',
    not_understood: 'Der Assistent hat den Anruf nicht verstanden',
    assistant_failed: 'Der Assistent hatte eine Störung',
    complaint: 'Es gibt eine Beschwerde',
    billing: 'Es gibt eine Frage zu einer Rechnung oder Zahlung',
    order: 'Es gibt eine Frage zu einer Bestellung',
    returns: 'Es soll etwas zurückgegeben werden',
    technical: 'Es gibt ein technisches Problem',
    account: 'Es gibt eine Frage zum Kundenkonto',
    sales: 'Vielleicht soll etwas gekauft werden',
    other: 'Der Assistent konnte nicht helfen',
    angry_caller: 'Die Person am Telefon ist verärgert',
    caller_silent: 'Die Person am Telefon hat nicht mehr geantwortet',
    call_limit: 'Das Gespräch hat so lange gedauert, wie der Assistent sprechen darf',
    stopping: 'Der Assistent musste aufhören, ohne dass es am Anruf lag',
    put_through: 'Der Anruf wurde sofort durchgestellt, ohne den Assistenten',
  },
  topics: {
    billing: 'eine Rechnung oder Zahlung',
    returns: 'eine Rückgabe',
    order: 'eine Bestellung',
    technical: 'ein technisches Problem',
    account: 'das Kundenkonto',
    sales: 'einen Kauf',
    opening_hours: 'die Öffnungszeiten',
  },
  about: 'Es geht um {topic}',
  unknown: 'Der Assistent stellt einen Anruf durch',
  choice: 'Mit 1 nehmen Sie den Anruf an, mit 2 lehnen Sie ihn ab.',
};

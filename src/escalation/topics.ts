import { type Language, languagesFor } from './language.js';
import { spaced, wordsPattern } from './words.js';

type Topic = 'billing' | 'returns' | 'order' | 'technical' | 'account' | 'sales' | 'opening_hours';

/** The words of each topic. The first topic that matches counts, so a refund for an order belongs to billing. */
export const TOPICS: Readonly<Record<Topic, Readonly<Record<Language, readonly string[]>>>> = {
  billing: {
    en: [
      'bill(?:s|ing|ed)?',
      'invoices?',
      'charged?',
      'charges',
      'payments?',
      'pay',
      'refund(?:ed)?',
      'credit card',
      'overcharged',
    ],
    fr: ['factur…', 'paiements?', 'payer', 'rembours…', 'prélèvements?', 'carte bancaire', 'prélevée?'],
    de: [
      '…rechnung(?:en)?',
      'bezahl…',
      'zahlung…',
      'abgebucht',
      'abbuchung',
      'erstatt…',
      'rückerstattung',
      'kreditkarte',
    ],
    it: ['fattur[ae]', 'bolletta', 'pagament[oi]', 'pagare', 'rimbors…', 'addebit…', 'carta di credito'],
    es: ['facturas?', 'facturación', 'pagos?', 'pagar', 'reembols…', 'cobr…', 'cargo', 'tarjeta de crédito'],
    pt: ['faturas?', 'conta de [^ ]+', 'pagamentos?', 'pagar', 'reembols…', 'cobr…', 'boleto', 'cartão de crédito'],
    hi: ['बिल', 'भुगतान', 'पेमेंट', 'रिफंड', 'पैसे', 'bill', 'payment', 'bhugtan', 'refund', 'paise'],
  },
  returns: {
    en: ['returns?', 'send (?:it|this|them) back', 'exchange'],
    fr: ['retourn…', 'retours?', 'renvoyer', 'échang…'],
    de: ['zurückgeben', 'zurückschicken', 'zurücksenden', 'retouren?', 'rücksendung', 'umtausch…', 'reklam…'],
    it: ['restituir…', 'reso', 'resi', 'rimandare', 'cambiare la merce', 'sostituzione'],
    es: ['devol…', 'regresar', 'cambiar el producto'],
    pt: ['devol…', 'trocar o produto', 'troca'],
    hi: ['वापस', 'रिटर्न', 'बदलना', 'wapas', 'vapas', 'return', 'exchange'],
  },
  order: {
    en: ['orders?', 'ordered', 'parcels?', 'packages?', 'delivery', 'deliver(?:ed)?', 'shipping', 'shipment', 'ship'],
    fr: ['commandes?', 'commandé', 'colis', 'livr…', 'paquets?', 'expéd…'],
    de: ['bestell…', 'paket…', 'liefer…', 'sendung…', 'versand…', 'päckchen'],
    it: ['ordin[ei]', 'ordinato', 'pacc[oh]i?', 'consegn…', 'spedi…'],
    es: ['pedidos?', 'paquetes?', 'entreg…', 'envíos?', 'envia…'],
    pt: ['pedidos?', 'encomendas?', 'pacotes?', 'entreg…', 'envios?'],
    hi: ['ऑर्डर', 'पार्सल', 'डिलीवरी', 'सामान', 'order', 'parcel', 'delivery', 'saaman'],
  },
  technical: {
    en: [
      'broken',
      'not working',
      "doesn't work",
      'doesnt work',
      'internet',
      'wi ?fi',
      'errors?',
      'log ?in',
      'password',
      'reset',
    ],
    fr: [
      'en panne',
      'cassée?',
      '(?:marche|fonctionne) (?:pas|plus)',
      'internet',
      'wi ?fi',
      'erreurs?',
      'mot de passe',
      'connexion',
    ],
    de: [
      'kaputt',
      'defekt',
      '(?:funktioniert|geht) (?:[^ ]+ )?nicht',
      'internet',
      'w ?lan',
      'fehler…',
      'passwort',
      'störung',
      'einloggen',
    ],
    it: ['rott[oa]', 'guast[oa]', 'non funziona', 'internet', 'wi ?fi', 'error[ei]', 'password', 'connessione'],
    es: [
      'rot[oa]',
      'averiad[oa]',
      'descompuest[oa]',
      'no (?:funciona|sirve|anda)',
      'internet',
      'wi ?fi',
      'errores',
      'contraseña',
    ],
    pt: [
      'quebrad[oa]',
      'avariad[oa]',
      'não (?:funciona|liga|pega)',
      'internet',
      'wi ?fi',
      'erros?',
      'senha',
      'palavra passe',
    ],
    hi: ['खराब', 'काम नहीं कर…', 'इंटरनेट', 'पासवर्ड', 'kharab', 'kaam nahi kar…', 'internet', 'password', 'chal nahi'],
  },
  account: {
    en: ['accounts?', 'address', 'subscription', 'cancel', 'contract', 'my details'],
    fr: ['comptes?', 'adresse', 'abonnements?', 'résili…', 'contrat', 'annuler'],
    de: ['konto', 'adresse', 'anschrift', 'abo…', 'kündig…', 'vertrag…', 'stornier…'],
    it: ['account', 'indirizzo', 'abbonament[oi]', 'disdire', 'disdetta', 'contratto', 'annullare'],
    es: ['cuenta', 'dirección', 'suscripción', 'cancelar', 'contrato', 'dar de baja'],
    pt: ['minha conta', 'cadastro', 'endereço', 'morada', 'assinatura', 'cancelar', 'contrato'],
    hi: ['खाता', 'खाते', 'अकाउंट', 'पता बदल…', 'कैंसिल', 'khata', 'account', 'address', 'cancel'],
  },
  sales: {
    en: ['buy', 'prices?', 'how much', 'costs?', 'quote', 'plans?', 'upgrade'],
    fr: ['acheter', 'prix', 'combien', 'coûte', 'tarifs?', 'devis', 'offres?'],
    de: ['kaufen', 'preise?', 'kostet', 'kosten', 'angebot…', 'tarif…', 'wie viel'],
    it: ['comprare', 'acquistare', 'prezz[oi]', 'quanto costa', 'costo', 'preventivo', 'offert[ae]'],
    es: ['comprar', 'precios?', 'cuánto (?:cuesta|vale|es)', 'cotización', 'presupuesto', 'ofertas?'],
    pt: ['comprar', 'preços?', 'quanto (?:custa|é)', 'orçamento', 'promoç…'],
    hi: ['खरीद…', 'कीमत', 'दाम', 'कितने का', 'kharid…', 'kimat', 'keemat', 'daam', 'kitne ka', 'price'],
  },
  opening_hours: {
    en: ['opening', 'hours', 'open', 'close[ds]?', 'closing'],
    fr: ['horaires?', 'ouvert…', 'ouvrez', 'fermez', 'fermée?', 'fermeture'],
    de: ['öffnungszeiten', 'geöffnet', 'offen', 'geschlossen', 'wann (?:öffnen|schliessen|machen)'],
    it: ['orari[o]?', 'apert[oi]', 'aprite', 'chiudete', 'chius[oi]', 'apertura'],
    es: ['horarios?', 'abren', 'abiert[oa]s?', 'cierran', 'cerrad[oa]s?'],
    pt: ['horários?', 'abrem', 'abert[oa]s?', 'fecham', 'fechad[oa]s?', 'funcionamento'],
    hi: ['खुल…', 'बंद', 'समय', 'khul…', 'band', 'timing'],
  },
};

type Patterns = readonly (readonly [topic: Topic, pattern: RegExp])[];
const patternsOf = new Map<string, Patterns>();

/** Compiles the patterns once for each set of languages. */
function patternsFor(languages: readonly Language[]): Patterns {
  const key = languages.join();
  const known = patternsOf.get(key);
  if (known !== undefined) return known;
  const patterns = Object.entries(TOPICS).map(
    ([topic, words]) => [topic as Topic, wordsPattern(languages.flatMap((language) => words[language]))] as const,
  );
  patternsOf.set(key, patterns);
  return patterns;
}

/** Every value of {@link topicOf}. */
export const TOPIC_NAMES: readonly string[] = [...Object.keys(TOPICS), 'general'];

/**
 * Returns what a call in `language` (BCP 47) is about: the topic of the caller's latest utterance that has one, or
 * `general`. The topic routes a handover and labels it for the agent.
 */
export function topicOf(said: readonly string[], language = 'en'): string {
  const patterns = patternsFor(languagesFor(language));
  for (const text of said.toReversed()) {
    const words = spaced(text);
    const found = patterns.find(([, pattern]) => pattern.test(words));
    if (found !== undefined) return found[0];
  }
  return 'general';
}

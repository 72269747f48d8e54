/** What the gateway says on calls that it makes, in one language. `{company}` stands for the one for whom it calls. */
export interface OutboundLines {
  introduction: string;
  /** Stands for `{company}` if a prompt names none. `{number}` is the number that calls. */
  holder: string;
  opening: string;
  message: string;
  failed: string;
}

/** By primary subtag of BCP 47. */
const LINES: Readonly<Record<string, OutboundLines>> = {
  en: {
    introduction: 'Hello, this is an automated assistant, calling for {company}.',
    holder: 'the holder of the number {number}',
    opening: 'Do you have a moment?',
    message: 'I am sorry that I missed you. Please call us back when it suits you. Goodbye.',
    failed: 'I am sorry, I have a technical problem right now. Goodbye.',
  },
  de: {
    introduction: 'Guten Tag, hier spricht ein automatischer Assistent. Ich rufe an für {company}.',
    holder: 'den Inhaber der Nummer {number}',
    opening: 'Haben Sie einen Moment Zeit?',
    message: 'Schade, dass ich Sie nicht erreicht habe. Bitte rufen Sie zurück, wenn es Ihnen passt. Auf Wiederhören.',
    failed: 'Es tut mir leid, ich habe gerade ein technisches Problem. Auf Wiederhören.',
  },
  fr: {
    introduction: "Bonjour, je suis un assistant automatique et j'appelle pour {company}.",
    holder: 'le titulaire du numéro {number}',
    opening: 'Avez-vous un instant ?',
    message: 'Je regrette de ne pas vous avoir joint. Rappelez-nous quand vous voulez. Au revoir.',
    failed: "Excusez-moi, j'ai un problème technique en ce moment. Au revoir.",
  },
  it: {
    introduction: 'Buongiorno, sono un assistente automatico e chiamo per {company}.',
    holder: 'il titolare del numero {number}',
    opening: 'Ha un momento?',
    message: 'Mi dispiace di non averla trovata. Ci richiami quando vuole. Arrivederci.',
    failed: 'Mi scusi, in questo momento ho un problema tecnico. Arrivederci.',
  },
  es: {
    introduction: 'Buenos días, soy un asistente automático y llamo de parte de {company}.',
    holder: 'el titular del número {number}',
    opening: '¿Tiene un momento?',
    message: 'Siento no haberle encontrado. Llámenos cuando le venga bien. Adiós.',
    failed: 'Disculpe, en este momento tengo un problema técnico. Adiós.',
  },
  pt: {
    introduction: 'Olá, sou um assistente automático e estou ligando em nome de {company}.',
    holder: 'o titular do número {number}',
    opening: 'Tem um momento?',
    message: 'Sinto muito por não ter encontrado você. Ligue de volta quando puder. Até logo.',
    failed: 'Desculpe, estou com um problema técnico no momento. Até logo.',
  },
  hi: {
    introduction: 'नमस्ते, मैं एक स्वचालित सहायक हूँ और {company} की ओर से कॉल कर रही हूँ।',
    holder: '{number} नंबर के धारक',
    opening: 'क्या आपके पास एक पल है?',
    message: 'माफ़ कीजिए, आपसे बात नहीं हो पाई। जब सुविधा हो, हमें वापस कॉल कीजिए। नमस्ते।',
    failed: 'माफ़ कीजिए, अभी एक तकनीकी दिक्कत है। नमस्ते।',
  },
};

/** Returns the lines in the language of a BCP 47 tag. `undefined` if the gateway has none. */
export function outboundLines(tag: string): OutboundLines | undefined {
  const language = tag.toLowerCase().split('-')[0] ?? '';
  return Object.hasOwn(LINES, language) ? LINES[language] : undefined;
}

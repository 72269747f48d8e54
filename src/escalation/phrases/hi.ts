import type { PhraseBook } from '../phrase-book.js';
import { WORD, oneOf, upTo } from '../words.js';

const SOMEBODY = oneOf(
  'इंसान|इन्सान|आदमी|व्यक्ति|एजेंट|एजेन्ट|मैनेजर|सुपरवाइज़र|अधिकारी|प्रतिनिधि|ऑपरेटर|सीनियर',
  'एग्ज़ीक्यूटिव|एक्ज़ीक्यूटिव|रिप्रेज़ेंटेटिव|कर्मचारी|बॉस|बंदे|टेक्निकल|बिलिंग|bande|technical|billing',
  '(?:कस्टमर|ग्राहक) (?:केयर|सर्विस|सेवा)(?: अधिकारी)?|किसी(?: और)?',
  'insaa?n|aadmi|admi|vyakti|agent|manager|supervisor|adhikari|pratinidhi|operator|senior',
  '(?:real )?person|human|executive|representative|boss|customer (?:care|service|support)|kisi(?: aur)?',
);
const PERSON = `${SOMEBODY}(?: (?:वाले|वाला|wale|wala))?`;
const MACHINE = oneOf('मशीन', 'रोबोट', 'कंप्यूटर', 'बॉट', 'रिकॉर्डिंग', 'machine', 'robot', 'computer', 'bot', 'recording');
const FROM = oneOf('से', 'se');
const TALK = oneOf('बात', 'baat', 'bat', 'बातचीत', 'baatcheet');
const NOT = oneOf('नहीं', 'मत', 'ना', 'न', 'nahi', 'nahin', 'nahee', 'mat', 'na');
/** Forms of "to do", "get done" and "can I" that express a wish. The past ("की थी") is left out. */
const DO = oneOf(
  'कर(?:नी|ना|ने|वा|वानी|वाओ|वाइए|वाइये|ाओ|ाइए|ाइये|ा|ूँ|ू|ें)?(?: (?:है|हैं|चाहता|चाहती|चाहूंगा|थी|पड़ेगी|दो|दीजिए|सक…|हूं))?',
  'हो (?:सकती|सकता|जाए)',
  'कराना',
  'karni (?:hai|thi|padegi)',
  'kar(?:ni|na|ne|o|ao|wao|waiye|aiye|a|wa|oon|un)?(?: (?:hai|hain|chahta|chahti|chahunga|do|dijiye|de|sak…))?',
  'ho (?:sakti|sakta|jaye)',
);
const CONNECT = oneOf(
  'कनेक्ट',
  'ट्रांसफर',
  'जोड़(?:ें|ो|िए|…)?',
  'मिलवाइए',
  'मिलवाओ',
  'मिलाइए',
  'मिला',
  'connect',
  'transfer',
  'jodo',
  'jodiye',
  'milao',
  'milaiye',
  'milwaiye',
);

/** Hindi in Devanagari and in Latin letters, with the English words callers mix in. */
export const hi: PhraseBook = {
  language: 'hi',
  person: PERSON,
  machine: MACHINE,
  around: oneOf(
    'कोई|एक|असली|प्लीज़|कृपया|हां|नहीं|हैलो|हेलो|अभी|जी|कॉल|धन्यवाद',
    'koi|ek|asli|please|plz|haan|nahi|hello|abhi|ji|real',
  ),
  // Hindi puts the wish at the end of the sentence, so most of them are in `requests`.
  wish: oneOf('मुझे असली', 'talk to', 'speak to', 'connect me to'),
  between: oneOf('an?', 'the', 'your', 'real'),
  requests: [
    `${PERSON}(?: जी| ji)? ${FROM}(?: (?:मेरी|meri|अभी|abhi|ही|hi))? ${TALK} ${DO}`,
    `${PERSON} ${FROM} ${oneOf('करनी', 'karni', 'करवाओ', 'karwao', 'कराओ', 'karao')}`,
    `${PERSON}(?: ${FROM}| ko| को)? (?:call )?${CONNECT}(?: ${oneOf('कर', 'kar')}…| ${oneOf('दो', 'दीजिए', 'कीजिए', 'kijiye', 'do', 'dijiye')})?`,
    `(?:मेरी|meri) ${TALK} (?:${WORD} )?${PERSON} ${FROM}`,
    `${PERSON} (?:मांगा|मांग|manga|maang)…`,
    `${PERSON} (?:को|ko|के पास|ke paas) (?:(?:फोन|phone|लाइन|line|कॉल|call) (?:पर|par|pe) )?(?:ट्रांसफर|transfer|बुला|bula|भेज|bhej|लाओ|lao|लो|lo|दो|do|दीजिए|dijiye)…`,
    `(?:किससे|किस से|kisse|kis se) ${TALK}`,
    `${PERSON} (?:है|hai) (?:जो|jo) (?:मेरी|meri) (?:मदद|madad|help)`,
    `${PERSON} (?:चाहिए|chahiye|chaiye|को दो|को दीजिए|ko do|ko dijiye|को बुलाओ|को बुलाइए|ko bulao)`,
    `${PERSON} (?:को|ko) (?:फोन|फ़ोन|phone|लाइन|line)(?: पर| par| pe)? (?:दीजिए|दो|dijiye|do|लाओ|lao)`,
    `(?:कोई|koi) (?:असली |asli |real )?${PERSON} (?:है|hai)`,
    `(?:कोई|koi) (?:है|hai) (?:जिससे|जिस से|jisse|jis se)`,
    `(?:कॉल|call|फोन|phone) (?:को |ko )?(?:ट्रांसफर|transfer|फॉरवर्ड|forward) (?:कर|kar|कीजिए|kijiye|करो|karo)…`,
    `${MACHINE} ${FROM} ${TALK} (?:${NOT} ${DO}|${DO} ${NOT})`,
  ],
  refusals: [
    `${PERSON}${upTo(5, MACHINE)} ${NOT}`,
    `(?:ट्रांसफर|transfer|कनेक्ट|connect) ${NOT}`,
    `(?:ज़रूरत|jarurat|zaroorat|zarurat) ${NOT}`,
    `(?:ट्रैवल|travel|इंश्योरेंस|insurance) (?:एजेंट|agent)`,
    `(?:मेरे|मेरा|अपने(?= पति)|mere|mera) ${PERSON}`,
    `(?:पैसे|paise|नंबर|number) (?:ट्रांसफर|transfer)`,
  ],
  negatedRequests: ['क्यों (?:नहीं|मैं)', 'kyu(?:n)? (?:nahi|main)', 'नहीं हो सकती क्या'],
  breaks: oneOf('लेकिन', 'मगर', 'क्योंकि', 'इसलिए', 'lekin', 'magar', 'kyunki', 'isliye', 'बस', 'bas'),
  newWish: {
    starts: oneOf('मुझे', 'mujhe', 'मैं', 'main', 'insaan se', 'इंसान से'),
    governs: oneOf('कि', 'ki', 'अगर', 'agar', 'और', 'aur', 'जब', 'क्या', 'kya', 'कृपया', 'please', 'अपने'),
  },
  notUnderstood: [
    `(?:आप|तुम|aap|tum)(?: ${WORD}){0,3}? (?:नहीं समझ|समझ नहीं|nahi samajh|samajh nahi|नहीं सुन|सुन नहीं|nahi sun|sun nahi)…`,
    `(?:मैंने|maine) (?:यह|ये|ऐसा|yeh|ye|aisa) (?:नहीं|nahi) (?:पूछा|कहा|बोला|pucha|poocha|kaha|bola)`,
    `(?:मैंने|maine) (?:पहले ही|pehle hi|पहले भी|pehle bhi) (?:बता|कह|bata|keh|bola|बोल)…`,
    `(?:मेरी बात|meri baat) (?:नहीं|nahi|समझ|samajh)(?: ${WORD})?`,
    `(?:मेरा सवाल|mera sawaal|mera sawal) (?:यह|ये|yeh|ye) (?:नहीं|nahi)`,
    `(?:सुन रहे हो|sun rahe ho|सुन रहे हैं|sun rahe hain)(?: kya| क्या)?`,
  ],
  outbursts: [
    'बकवास',
    'bakwaa?s',
    'बेवकूफ',
    'bewakoof',
    'bevkoof',
    'पागल (?:हो|है)',
    'pagal (?:ho|hai)',
    'कमीन[ेा]',
    'kamin[ae]',
    'चुप (?:कर|करो|रहो)',
    'chup (?:kar|karo|raho)',
    'साल[ेा] (?:मशीन|रोबोट|तुम)',
    'bullshit',
    'fuck(?:ing)?',
    '(?:हद|had|hadd) (?:है|hai|हो गई|ho gayi)',
    '(?:मज़ाक|mazaa?k) (?:है|hai|बना|bana)…',
    '(?:बहुत |bahut )?(?:गुस्सा|gussa) (?:आ रहा|aa raha)',
    'बर्दाश्त (?:नहीं|के बाहर)',
  ],
  complaints: [
    '(?:शिकायत|shikaa?yat|complaint) (?:कर|kar|दर्ज|darj)…',
    '(?:दूसरी|तीसरी|चौथी|आखिरी|doosri|dusri|teesri|tisri|chauthi|aakhri) (?:बार|baar)',
    '(?:कोई|koi) (?:मदद|madad|help) (?:नहीं|nahi)',
    '(?:समय|टाइम|time|samay) (?:बर्बाद|barbaa?d|waste)',
    '(?:घटिया|ghatiya|सबसे खराब|sabse kharab) (?:सर्विस|service|सेवा)',
    '(?:मेरा वकील|mera vakil|mera wakeel)',
    '(?:बहुत हो गया|bahut ho gaya)',
  ],
  fillers: oneOf(
    'हां|जी|नहीं|ठीक|है|ओके|अच्छा|धन्यवाद|शुक्रिया|हैलो|सही|बिल्कुल|रुकिए|नमस्ते',
    'haan|ji|nahi|theek|thik|hai|ok|okay|accha|dhanyavaad|shukriya|hello|sahi|please',
  ),
};

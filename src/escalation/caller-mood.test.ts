import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CallerMood, signReader } from './caller-mood.js';
import { LANGUAGES, type Language, languagesFor } from './language.js';

/** The conclusion after each turn. */
function moods(language: Language, ...turns: string[]): (string | undefined)[] {
  const mood = new CallerMood();
  const signsOf = signReader(languagesFor(language));
  return turns.map((said) => mood.hears(signsOf(said)));
}

const NOT_UNDERSTOOD: Record<Language, readonly string[]> = {
  en: [
    "that's not what I asked",
    'you dont understand me',
    'I already told you that',
    'are you even listening',
    "you're not answering my question",
  ],
  fr: [
    'vous ne me comprenez pas',
    "c'est pas ce que j'ai demandé",
    "je vous l'ai déjà dit",
    'vous ne m avez pas compris',
  ],
  de: [
    'Sie verstehen mich nicht',
    'das habe ich nicht gefragt',
    'das hab ich doch schon gesagt',
    'hören Sie mir überhaupt zu',
  ],
  it: ['non mi capisce', 'non è quello che ho chiesto', "gliel'ho già detto", 'non ha capito niente'],
  es: ['no me entiende', 'eso no es lo que pregunté', 'ya se lo dije', 'no me está escuchando'],
  pt: ['você não me entende', 'não foi isso que eu perguntei', 'eu já disse isso', 'não respondeu minha pergunta'],
  hi: ['आप मेरी बात नहीं समझ रहे', 'maine ye nahi pucha', 'aap samajh nahi rahe', 'मैंने पहले ही बता दिया'],
};
const OUTBURSTS: Record<Language, readonly string[]> = {
  en: [
    'this is ridiculous',
    'you stupid machine',
    'oh for fuck sake',
    "I'm so angry right now",
    'this is absolutely unacceptable',
  ],
  fr: ["c'est inadmissible", 'putain', "j'en ai marre", "c'est vraiment n'importe quoi", 'bande d incapables'],
  de: ['das ist doch lächerlich', 'so ein Mist', 'verdammt noch mal', 'Unverschämtheit', 'ich bin echt sauer'],
  it: ['è una vergogna', 'che cazzo', 'sono veramente arrabbiato', 'siete degli incapaci', 'è assurdo'],
  es: ['esto es ridículo', 'mierda', 'estoy muy enojada', 'qué vergüenza', 'son unos inútiles'],
  pt: ['isso é um absurdo', 'que palhaçada', 'estou muito irritado', 'vocês são uns incompetentes', 'porra'],
  hi: ['ये क्या बकवास है', 'had hai', 'बेवकूफ मशीन', 'mujhe bahut gussa aa raha hai', 'मजाक बना रखा है'],
};
const COMPLAINTS: Record<Language, string> = {
  en: 'I want to make a complaint',
  fr: 'je vais faire une réclamation',
  de: 'ich möchte mich beschweren',
  it: 'voglio fare un reclamo',
  es: 'quiero poner una queja',
  pt: 'quero fazer uma reclamação',
  hi: 'मुझे शिकायत करनी है',
};

for (const language of LANGUAGES) {
  test(`a caller who says twice in "${language}" that they are not understood is not understood`, () => {
    const signsOf = signReader([language]);
    for (const said of NOT_UNDERSTOOD[language]) assert.ok(signsOf(said).notUnderstood, said);
    const [first = '', second = ''] = NOT_UNDERSTOOD[language];
    assert.deepEqual(moods(language, first, 'ok', second), [undefined, undefined, 'not understood']);
  });

  test(`a caller is angry after two outbursts, or one and a complaint, in "${language}"`, () => {
    const signsOf = signReader([language]);
    for (const said of OUTBURSTS[language]) assert.ok(signsOf(said).outburst, said);
    const [first = '', second = ''] = OUTBURSTS[language];
    assert.deepEqual(moods(language, first, 'ok', second), [undefined, undefined, 'angry']);
    assert.deepEqual(moods(language, COMPLAINTS[language], 'ok', first), [undefined, undefined, 'angry']);
    assert.deepEqual(moods(language, `${first}, ${COMPLAINTS[language]}`), ['angry']);
    assert.deepEqual(moods(language, COMPLAINTS[language], COMPLAINTS[language]), [undefined, undefined]);
  });

  test(`utterances about other things show almost no sign of trouble in "${language}"`, () => {
    const signsOf = signReader(languagesFor(language));
    const others = readFileSync(`src/escalation/labelled/${language}.txt`, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('- '));
    const found = others.filter((said) => {
      const { complaint, notUnderstood, outburst } = signsOf(said);
      return complaint || notUnderstood || outburst;
    });
    console.log(`# ${language}: signs of trouble in ${found.length} of ${others.length} other utterances`);
    assert.ok(found.length <= others.length * 0.03, found.join('\n'));
  });
}

test('a caller who says the same three times, nearly word for word, is not understood; twice is not enough', () => {
  assert.deepEqual(
    moods(
      'en',
      'When does the shop in Berlin open?',
      'when does the shop in berlin open',
      'I said when does the shop in Berlin open',
    ),
    [undefined, undefined, 'not understood'],
  );
});

test('short answers and other order numbers do not count as said again', () => {
  for (const said of [
    'Yes please',
    'Thank you very much',
    "Yes that's right thank you",
    'At ten thirty',
    'Hello are you there?',
  ]) {
    assert.deepEqual(moods('en', said, said, said), [undefined, undefined, undefined], said);
  }
  assert.deepEqual(
    moods('en', 'My order number is 4711', 'my order number is 4712', 'my order number is 4713'),
    [undefined, undefined, undefined],
    'another number each time',
  );
});

test('signs of anger do not add up if they are more than six turns apart or precede a decision', () => {
  const small = ['yes', 'no', 'ten', 'blue', 'four', 'on Monday'];
  assert.equal(moods('en', 'This is ridiculous', ...small, 'This is ridiculous').at(-1), undefined);
  assert.equal(moods('en', 'This is ridiculous', ...small.slice(2), 'This is ridiculous').at(-1), 'angry');
  const mood = new CallerMood();
  const signs = signReader(['en'])('This is ridiculous');
  assert.deepEqual([mood.hears(signs), mood.hears(signs)], [undefined, 'angry']);
  mood.forget();
  assert.equal(mood.hears(signs), undefined);
});

test('a turn without a sign of anger does not decide, even after two turns with one', () => {
  assert.deepEqual(moods('en', 'This is ridiculous', 'I want to make a complaint', 'What time is it?'), [
    undefined,
    'angry',
    undefined,
  ]);
});

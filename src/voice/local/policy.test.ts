import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Dialog } from './policy.js';
import { digitsIn } from './spoken-number.js';

const HOURS = /^We are open Monday/;
const ASKS_NUMBER = /order number\?$/;
const STATUS = /on its way to you/;
const ADDRESS = /Market Street/;
const RETURNS = /within thirty days/;
const PRICES = /All prices/;
const GOODBYE = /Goodbye!$/;
const AGAIN = /did not understand/;
const INSTEAD = /instead\?$/;
const WELCOME = /very welcome/;
const HELLO = /^Hello!/;

function firstAnswer(said: string): string {
  return new Dialog().answer(said).sentences.join(' ');
}

describe('the built-in dialog', () => {
  const table: readonly (readonly [said: string, expected: RegExp])[] = [
    ['What are your opening hours?', HOURS],
    ['what are your opening hour', HOURS],
    ['Are you open on Sunday?', HOURS],
    ['When do you close today', HOURS],
    ['What are your opening ours', HOURS],
    ["Don't you open on Saturdays?", HOURS],
    ['Where is my order?', ASKS_NUMBER],
    ['my parcel has not arrived', ASKS_NUMBER],
    ["I haven't got my order", ASKS_NUMBER],
    ['Where is my order 4 7 1 1', STATUS],
    ['Where are you located?', ADDRESS],
    ['What is your address', ADDRESS],
    ['I want to return it', RETURNS],
    ['Can I send it back', RETURNS],
    ['How much is delivery?', PRICES],
    ['what are your prizes', PRICES],
    ['Not the opening hours, the prices.', PRICES],
    ["I don't want your opening hours, where is my order?", ASKS_NUMBER],
    ['not the opening hours the prices', PRICES],
    ["I don't need the opening hours.", INSTEAD],
    ["I'm not calling about an order.", INSTEAD],
    ['Thank you', WELCOME],
    ['Hello?', HELLO],
    ['Goodbye.', GOODBYE],
    ['good-bye', GOODBYE],
    ['Good-by.', GOODBYE],
    ['When do you call some Saturday?', HOURS],
    ['Thank you, that is all. Bye!', GOODBYE],
    ['before I say goodbye, what are your opening hours', HOURS],
    ['Purple elephants', AGAIN],
    ['', AGAIN],
  ];
  for (const [said, expected] of table) {
    it(`the dialog answers "${said}"`, () => assert.match(firstAnswer(said), expected));
  }

  it('the dialog tells the opening hours in at least three sentences, so that they can be interrupted', () => {
    assert.ok(new Dialog().answer('opening hours').sentences.length >= 3);
  });

  it('the dialog asks for the order number and takes it spoken or typed', () => {
    for (const number of ['four seven one one', '4711', 'it is four seven double one', 'for seven won one']) {
      const dialog = new Dialog();
      dialog.answer('where is my order');
      assert.match(dialog.answer(number).sentences.join(' '), /number 4 7 1 1\. It is packed/);
    }
  });

  it('the dialog lets the caller change the subject instead of telling the number', () => {
    const dialog = new Dialog();
    dialog.answer('where is my order');
    assert.match(dialog.answer('what are your opening hours').sentences.join(' '), HOURS);
  });

  it('the dialog takes yes and no as answers to its last question', () => {
    const dialog = new Dialog();
    dialog.answer('thanks');
    assert.match(dialog.answer('Yes, please.').sentences.join(' '), /What would you like to know/);
    assert.match(dialog.answer('No.').sentences.join(' '), /What can I do for you/);
    dialog.answer('thank you');
    const last = dialog.answer('No, thank you.');
    assert.match(last.sentences.join(' '), GOODBYE);
    assert.equal(last.call?.tool, 'end_call');
  });

  it('the dialog repeats its last answer', () => {
    const dialog = new Dialog();
    const { sentences } = dialog.answer('opening hours');
    assert.deepEqual(dialog.answer('Can you repeat that?').sentences, sentences);
    assert.deepEqual(dialog.answer("Sorry, I didn't catch that.").sentences, sentences);
  });

  it('the dialog says goodbye and then ends the call', () => {
    assert.deepEqual(new Dialog().answer('goodbye').call, { tool: 'end_call', arguments: { reason: 'caller_done' } });
  });

  it('the dialog only asks again if it may not transfer the call', () => {
    const dialog = new Dialog({ canTransfer: false });
    for (const said of ['purple elephants', 'green elephants', 'blue elephants']) {
      const { call, sentences } = dialog.answer(said);
      assert.equal(call, undefined);
      assert.match(sentences.join(' '), /did not understand/);
    }
  });

  it('the dialog asks again once, and transfers the call after two misunderstandings in a row', () => {
    const dialog = new Dialog();
    assert.equal(dialog.answer('purple elephants').call, undefined);
    dialog.answer('opening hours');
    assert.equal(dialog.answer('purple elephants').call, undefined, 'an answer between starts anew');
    const second = dialog.answer('green elephants');
    assert.equal(second.call?.tool, 'transfer_to_human');
    assert.equal(second.call?.arguments['reason'], 'not_understood');
  });
});

describe('digits in speech', () => {
  const table: readonly (readonly [said: string, expected: boolean, digits: string])[] = [
    ['12 34', false, '1234'],
    ['one two double three', false, '1233'],
    ['twelve thirty four', false, '1234'],
    ['thirty fourteen', false, '3014'],
    ['oh one to for', true, '0124'],
    ['to for', false, ''],
  ];
  for (const [said, expected, digits] of table) {
    it(`the digits in "${said}" are "${digits}"`, () => assert.equal(digitsIn(said, expected), digits));
  }
});

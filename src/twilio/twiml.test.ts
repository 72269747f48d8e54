import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SaxesParser } from 'saxes';
import { twiml } from './twiml.js';

const HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response>';

test('TwiML without verbs is an empty response', () => {
  assert.equal(twiml([]), `${HEAD}</Response>`);
});

test('a stream is written inside a Connect with an action', () => {
  assert.equal(
    twiml([
      {
        verb: 'connect-stream',
        action: 'https://h/after',
        stream: { url: 'wss://h/s', statusCallback: 'https://h/st', parameters: { token: 'abc' } },
      },
    ]),
    `${HEAD}<Connect action="https://h/after" method="POST"><Stream url="wss://h/s" statusCallback="https://h/st" ` +
      'statusCallbackMethod="POST"><Parameter name="token" value="abc"/></Stream></Connect></Response>',
  );
});

test('a dial has a whisper URL and a caller id only if they are given', () => {
  const dial = {
    number: '+12065550100',
    callerId: undefined,
    timeoutSeconds: 25,
    action: 'https://h/dialled',
    whisperUrl: undefined,
    statusCallback: 'https://h/leg',
  };
  const plain = twiml([{ verb: 'dial', dial }]);
  assert.equal(
    plain,
    `${HEAD}<Dial timeout="25" answerOnBridge="true" action="https://h/dialled" method="POST"><Number ` +
      'statusCallback="https://h/leg" statusCallbackEvent="initiated ringing answered completed" ' +
      'statusCallbackMethod="POST">+12065550100</Number></Dial></Response>',
  );
  const full = twiml([{ verb: 'dial', dial: { ...dial, callerId: '+1', whisperUrl: 'https://h/w' } }]);
  assert.match(full, /<Dial callerId="\+1" /);
  assert.match(full, /<Number url="https:\/\/h\/w" method="POST" /);
});

test('Say, Play and Hangup are written with their attributes', () => {
  assert.equal(
    twiml([
      { verb: 'say', text: 'Hello', language: 'en-US' },
      { verb: 'play-digits', digits: 'ww123#' },
      { verb: 'hangup' },
    ]),
    `${HEAD}<Say language="en-US">Hello</Say><Play digits="ww123#"/><Hangup/></Response>`,
  );
});

test('a Gather waits for one key, asks its action without one too, and escapes what callers have said', () => {
  const gather = {
    action: 'https://h/key?a=1&b=2',
    texts: ['Jo & "Co": <Hangup/>', 'Press 1.'],
    language: 'de-AT',
    timeoutSeconds: 5,
  };
  assert.equal(
    twiml([{ verb: 'gather', gather }]),
    `${HEAD}<Gather input="dtmf" numDigits="1" finishOnKey="" timeout="5" actionOnEmptyResult="true" ` +
      'action="https://h/key?a=1&amp;b=2" method="POST"><Say language="de-DE">Jo &amp; &quot;Co&quot;: &lt;Hangup/&gt;</Say>' +
      '<Say language="de-DE">Press 1.</Say></Gather></Response>',
  );
});

test('a Record ends only with # and has both callbacks, and Pause and Redirect are written after it', () => {
  const record = { action: 'https://h/message', statusCallback: 'https://h/recording', maxSeconds: 90 };
  assert.equal(
    twiml([
      { verb: 'record', record },
      { verb: 'pause', seconds: 5 },
      { verb: 'redirect', url: 'https://h/held?a=1&b=2' },
    ]),
    `${HEAD}<Record action="https://h/message" method="POST" maxLength="90" timeout="5" finishOnKey="#" ` +
      'recordingStatusCallback="https://h/recording" recordingStatusCallbackMethod="POST" ' +
      'recordingStatusCallbackEvent="completed"/><Pause length="5"/>' +
      '<Redirect method="POST">https://h/held?a=1&amp;b=2</Redirect></Response>',
  );
});

test('a text or an attribute of TwiML is read back as it was given and never as markup', () => {
  const nasty = `</Say><Hangup/> & "quoted" 'single' ]]> &amp; é 日本 😀`;
  const xml = twiml([
    { verb: 'say', text: nasty, language: 'de' },
    {
      verb: 'connect-stream',
      action: nasty,
      stream: { url: nasty, statusCallback: nasty, parameters: { [nasty]: nasty } },
    },
  ]);
  const parser = new SaxesParser();
  const tags: string[] = [];
  const values: string[] = [];
  let text = '';
  parser.on('error', (error) => assert.fail(error));
  parser.on('opentag', (tag) => {
    tags.push(tag.name);
    values.push(...Object.values(tag.attributes).map(String));
  });
  parser.on('text', (piece) => (text += piece));
  parser.write(xml).close();
  assert.deepEqual(tags, ['Response', 'Say', 'Connect', 'Stream', 'Parameter']);
  assert.equal(text, nasty);
  assert.deepEqual(
    values.filter((value) => value !== 'POST'),
    ['de-DE', ...Array.from({ length: 5 }, () => nasty)],
  );
});

test('characters that XML does not allow are left out of the TwiML', () => {
  const xml = twiml([{ verb: 'say', text: 'a\u0000b\u0008c\u001fd\te\n\uffff', language: 'en-US' }]);
  const parser = new SaxesParser();
  parser.on('error', (error) => assert.fail(error));
  parser.write(xml).close();
  assert.match(xml, /abcd\te/);
});

test('half a surrogate pair does not make the TwiML unreadable', () => {
  const xml = twiml([{ verb: 'say', text: 'a\ud83db', language: 'en-US' }]);
  const parser = new SaxesParser();
  parser.on('error', (error) => assert.fail(error));
  parser.write(Buffer.from(xml, 'utf8').toString('utf8')).close();
});

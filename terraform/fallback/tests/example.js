// Answers every request, by GET or POST, with the TwiML that Twilio runs when no gateway answers.
// CloudFront Functions, runtime cloudfront-js-2.0. The TwiML is base64, so that letters of any language survive.
var TWIML =
  'PD94bWwgdmVyc2lvbj0iMS4wIiBlbmNvZGluZz0iVVRGLTgiPz4KPFJlc3BvbnNlPgogIDxTYXkgbGFuZ3VhZ2U9ImVuLVVTIj5PbmUgbW9tZW50LCBwbGVhc2UuIEkgYW0gY29ubmVjdGluZyB5b3Ugd2l0aCBhIGNvbGxlYWd1ZS48L1NheT4KICA8RGlhbCB0aW1lb3V0PSIyNSI+KzEyMDY1NTUwMTAwPC9EaWFsPgogIDxTYXkgbGFuZ3VhZ2U9ImVuLVVTIj5JIGFtIHNvcnJ5LCBub2JvZHkgY2FuIHRha2UgeW91ciBjYWxsIHJpZ2h0IG5vdy4gUGxlYXNlIGNhbGwgYWdhaW4gbGF0ZXIuPC9TYXk+CjwvUmVzcG9uc2U+Cg==';

// What carriers send for a withheld number, as in src/twilio/caller-identity.ts, which says what the words are.
var PLACEHOLDERS = '266696687 2562533 7748283 7378742833 17378742833 86282452253 8656696 94844353'.split(' ');

function identifiesCaller(number) {
  if (!/^[+][1-9][0-9]{6,14}$/.test(number) || /^[+]1([01]|([0-9])\2{9}$)/.test(number)) return false;
  return PLACEHOLDERS.indexOf(number.slice(1)) < 0;
}

// AWS does not say whether a name is in lower case, or whether a value is decoded. Both ways work.
function field(querystring, wanted) {
  for (var name in querystring) {
    if (name.toLowerCase() === wanted) return decodeURIComponent(querystring[name].value);
  }
  return '';
}

// The dial of a caller who withholds the number fails without a caller id (Twilio: error 13214), so it shows the number
// that was called. A function cannot read a body, so this takes a request by GET.
function twimlFor(querystring) {
  var called = field(querystring, 'to');
  if (field(querystring, 'callsid') === '' || identifiesCaller(field(querystring, 'from'))) return TWIML;
  if (!identifiesCaller(called)) return TWIML;
  var dials = Buffer.from(TWIML, 'base64').toString('utf8').split('<Dial ');
  return Buffer.from(dials.join('<Dial callerId="' + called + '" '), 'utf8').toString('base64');
}

function handler(event) {
  var twiml = TWIML;
  try {
    twiml = twimlFor(event.request.querystring);
  } catch (error) {
    // The caller gets the same document as everybody else.
  }
  return {
    statusCode: 200,
    statusDescription: 'OK',
    headers: {
      'content-type': { value: 'text/xml; charset=utf-8' },
      'cache-control': { value: 'no-store' },
    },
    body: { encoding: 'base64', data: twiml },
  };
}

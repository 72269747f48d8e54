// Answers every request, by GET or POST, with the TwiML that Twilio runs when no gateway answers.
// CloudFront Functions, runtime cloudfront-js-2.0. The TwiML is base64, so that letters of any language survive.
var TWIML =
  'PD94bWwgdmVyc2lvbj0iMS4wIiBlbmNvZGluZz0iVVRGLTgiPz4KPFJlc3BvbnNlPgogIDxTYXkgbGFuZ3VhZ2U9ImVuLVVTIj5PbmUgbW9tZW50LCBwbGVhc2UuIEkgYW0gY29ubmVjdGluZyB5b3Ugd2l0aCBhIGNvbGxlYWd1ZS48L1NheT4KICA8RGlhbCB0aW1lb3V0PSIyNSI+KzEyMDY1NTUwMTAwPC9EaWFsPgogIDxTYXkgbGFuZ3VhZ2U9ImVuLVVTIj5JIGFtIHNvcnJ5LCBub2JvZHkgY2FuIHRha2UgeW91ciBjYWxsIHJpZ2h0IG5vdy4gUGxlYXNlIGNhbGwgYWdhaW4gbGF0ZXIuPC9TYXk+CjwvUmVzcG9uc2U+Cg==';

function handler() {
  return {
    statusCode: 200,
    statusDescription: 'OK',
    headers: {
      'content-type': { value: 'text/xml; charset=utf-8' },
      'cache-control': { value: 'no-store' },
    },
    body: { encoding: 'base64', data: TWIML },
  };
}

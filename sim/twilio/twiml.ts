import { SaxesParser } from 'saxes';

/** One TwiML element as written. */
export interface Element {
  name: string;
  attributes: Readonly<Record<string, string>>;
  children: readonly Element[];
  text: string;
}

/** A problem with Twilio's code. 12100 ends the call, 12200 is a warning. */
export interface TwimlProblem {
  code: 12100 | 12200;
  what: string;
}

export type ParsedTwiml = { verbs: readonly Element[]; problems: readonly TwimlProblem[] } | { failed: TwimlProblem };

type Value = 'text' | 'method' | 'boolean' | 'number' | readonly string[];

interface Rule {
  attributes: Readonly<Record<string, Value>>;
  children: readonly string[];
}

/** The attributes of each element, their allowed values, and the elements it may contain. Names are case-sensitive. */
const GRAMMAR: Readonly<Record<string, Rule>> = {
  Response: {
    attributes: {},
    children: ['Say', 'Play', 'Pause', 'Hangup', 'Reject', 'Redirect', 'Dial', 'Connect', 'Record', 'Gather'],
  },
  Say: { attributes: { voice: 'text', language: 'text', loop: 'number' }, children: [] },
  Play: { attributes: { digits: 'text', loop: 'number' }, children: [] },
  Pause: { attributes: { length: 'number' }, children: [] },
  Hangup: { attributes: {}, children: [] },
  Reject: { attributes: { reason: ['rejected', 'busy'] }, children: [] },
  Redirect: { attributes: { method: 'method' }, children: [] },
  Dial: {
    attributes: {
      action: 'text',
      method: 'method',
      timeout: 'number',
      timeLimit: 'number',
      callerId: 'text',
      answerOnBridge: 'boolean',
      hangupOnStar: 'boolean',
      record: 'text',
      ringTone: 'text',
    },
    children: ['Number'],
  },
  Number: {
    attributes: {
      url: 'text',
      method: 'method',
      sendDigits: 'text',
      statusCallback: 'text',
      statusCallbackEvent: 'text',
      statusCallbackMethod: 'method',
      byoc: 'text',
    },
    children: [],
  },
  Record: {
    attributes: {
      action: 'text',
      method: 'method',
      timeout: 'number',
      finishOnKey: 'text',
      maxLength: 'number',
      playBeep: 'boolean',
      trim: ['trim-silence', 'do-not-trim'],
      recordingStatusCallback: 'text',
      recordingStatusCallbackMethod: 'method',
      recordingStatusCallbackEvent: 'text',
      transcribe: 'boolean',
      transcribeCallback: 'text',
    },
    children: [],
  },
  Gather: {
    attributes: {
      action: 'text',
      method: 'method',
      input: ['dtmf'],
      numDigits: 'number',
      timeout: 'number',
      finishOnKey: 'text',
      actionOnEmptyResult: 'boolean',
    },
    children: ['Say', 'Play', 'Pause'],
  },
  Connect: { attributes: { action: 'text', method: 'method' }, children: ['Stream'] },
  Stream: {
    // The track is checked when the stream starts, because it has an error of its own, 31941.
    attributes: { url: 'text', name: 'text', track: 'text', statusCallback: 'text', statusCallbackMethod: 'method' },
    children: ['Parameter'],
  },
  Parameter: { attributes: { name: 'text', value: 'text' }, children: [] },
};

/** An element that is being parsed. */
interface Open {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
}

/**
 * Parses TwiML as strictly as Twilio. A document that is not XML fails the call. An element that is not TwiML is left
 * out with a warning.
 */
export function parseTwiml(document: string): ParsedTwiml {
  const problems: TwimlProblem[] = [];
  const stack: Open[] = [];
  let root: Element | undefined;
  const parser = new SaxesParser();
  let failure: string | undefined;
  parser.on('error', (error) => {
    failure ??= error.message;
  });
  parser.on('opentag', (tag) => {
    stack.push({ name: tag.name, attributes: tag.attributes, children: [], text: '' });
  });
  parser.on('text', (text) => {
    const top = stack.at(-1);
    if (top !== undefined) top.text += text;
  });
  parser.on('closetag', () => {
    const closed = stack.pop();
    if (closed === undefined) return;
    const element: Open = { ...closed, text: closed.text.trim() };
    const parent = stack.at(-1);
    if (parent === undefined) root = element;
    else if (accepts(parent.name, element, problems)) parent.children.push(element);
  });
  parser.write(document).close();
  if (failure !== undefined) return { failed: { code: 12100, what: `Document parse failure: ${failure}` } };
  if (root?.name !== 'Response') return { failed: { code: 12100, what: 'The document element is not <Response>' } };
  return { verbs: root.children, problems };
}

/** Returns whether the parent may contain the element, and removes attributes that Twilio would not use. */
function accepts(parent: string, element: Open, problems: TwimlProblem[]): boolean {
  const rule = GRAMMAR[element.name];
  if (rule === undefined || GRAMMAR[parent]?.children.includes(element.name) !== true) {
    problems.push({ code: 12200, what: `<${element.name}> is not allowed in <${parent}>` });
    return false;
  }
  for (const [name, value] of Object.entries(element.attributes)) {
    const allowed = Object.hasOwn(rule.attributes, name) ? rule.attributes[name] : undefined;
    if (allowed === undefined) problems.push({ code: 12200, what: `<${element.name}> has no attribute ${name}` });
    else if (!isAllowed(value, allowed)) {
      problems.push({ code: 12200, what: `<${element.name} ${name}> has an invalid value` });
      delete element.attributes[name];
    }
  }
  return true;
}

function isAllowed(value: string, allowed: Value): boolean {
  switch (allowed) {
    case 'text':
      return true;
    case 'method':
      return value === 'GET' || value === 'POST';
    case 'boolean':
      return value === 'true' || value === 'false';
    case 'number':
      return /^\d+$/.test(value);
    default:
      return allowed.includes(value);
  }
}

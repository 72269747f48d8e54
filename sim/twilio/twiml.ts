import { SaxesParser } from 'saxes';

/** One TwiML element as written. */
export interface Element {
  name: string;
  attributes: Readonly<Record<string, string>>;
  children: readonly Element[];
  text: string;
}

/** A finding with Twilio's code: 12100 ends the call, 12200 is a warning. */
export interface TwimlProblem {
  code: 12100 | 12200;
  what: string;
}

export type ParsedTwiml = { verbs: readonly Element[]; problems: readonly TwimlProblem[] } | { failed: TwimlProblem };

/** Attributes and nested elements that each element may have. Names are case-sensitive. */
const GRAMMAR: Readonly<Record<string, { attributes: readonly string[]; children: readonly string[] }>> = {
  Response: { attributes: [], children: ['Say', 'Play', 'Pause', 'Hangup', 'Reject', 'Redirect', 'Dial', 'Connect'] },
  Say: { attributes: ['voice', 'language', 'loop'], children: [] },
  Play: { attributes: ['digits', 'loop'], children: [] },
  Pause: { attributes: ['length'], children: [] },
  Hangup: { attributes: [], children: [] },
  Reject: { attributes: ['reason'], children: [] },
  Redirect: { attributes: ['method'], children: [] },
  Dial: {
    attributes: [
      'action',
      'method',
      'timeout',
      'timeLimit',
      'callerId',
      'answerOnBridge',
      'hangupOnStar',
      'record',
      'ringTone',
    ],
    children: ['Number'],
  },
  Number: {
    attributes: [
      'url',
      'method',
      'sendDigits',
      'statusCallback',
      'statusCallbackEvent',
      'statusCallbackMethod',
      'byoc',
    ],
    children: [],
  },
  Connect: { attributes: ['action', 'method'], children: ['Stream'] },
  Stream: {
    attributes: ['url', 'name', 'track', 'statusCallback', 'statusCallbackMethod'],
    children: ['Parameter'],
  },
  Parameter: { attributes: ['name', 'value'], children: [] },
};

/** Parses TwiML as strictly as Twilio: what is not XML fails the call, what is not TwiML is warned about and left out. */
export function parseTwiml(document: string): ParsedTwiml {
  const problems: TwimlProblem[] = [];
  type Open = { name: string; attributes: Record<string, string>; children: Element[]; text: string };
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
    const element: Element = { ...closed, text: closed.text.trim() };
    const parent = stack.at(-1);
    if (parent === undefined) root = element;
    else if (accepts(parent.name, element, problems)) parent.children.push(element);
  });
  parser.write(document).close();
  if (failure !== undefined) return { failed: { code: 12100, what: `Document parse failure: ${failure}` } };
  if (root?.name !== 'Response') return { failed: { code: 12100, what: 'The document element is not <Response>' } };
  return { verbs: root.children, problems };
}

function accepts(parent: string, element: Element, problems: TwimlProblem[]): boolean {
  const rule = GRAMMAR[element.name];
  if (rule === undefined || GRAMMAR[parent]?.children.includes(element.name) !== true) {
    problems.push({ code: 12200, what: `<${element.name}> is not allowed in <${parent}>` });
    return false;
  }
  for (const name of Object.keys(element.attributes)) {
    if (!rule.attributes.includes(name))
      problems.push({ code: 12200, what: `<${element.name}> has no attribute ${name}` });
  }
  return true;
}

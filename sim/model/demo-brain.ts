import {
  type Act,
  type Brain,
  type BrainFactory,
  type OfferedTool,
  type Situation,
  type Turn,
  callTool,
  speak,
} from './script.js';

const GREETING = 'Hello! How can I help you?';
const HOURS = 'We are open Monday to Friday, from nine in the morning until six in the evening.';
const GOODBYE = 'Thank you for calling. Goodbye!';
const ASK_NUMBER = 'I will look that up for you. What is your order number?';
const POLITE = 'I can tell you our opening hours, look up an order, or put you through to a colleague.';

const HUMAN = /\b(human|person|agent|representative|operator|colleague|someone|somebody|supervisor|manager)\b/i;
const BYE = /\b(good ?bye|bye|that is all|that's all|hang up)\b/i;
const HOURS_ASKED = /\b(open|opening|hours|close|closing)\b/i;
const ORDER = /\b(order|parcel|package|delivery)\b/i;
/** Matches variants of "Say exactly: X". X extends to the end of the line, and quotes around it are dropped. */
const EXACTLY = /\bsay\b[^:"“\n]*(?:exactly|verbatim|word for word)[^:"“\n]*[:\s]\s*(.+)/i;
/** Matches a request to continue a conversation of another session. */
const THEN_ANSWER = /\bthen answer\b/i;
const GREET_WITH = /\bgreet[^:"“\n]*(?:[:\s])\s*["“](.+?)["”]/i;
const DIGIT_WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

/** A small assistant for demonstrations. It answers a few questions and uses the tools it is offered. */
export const demoBrain: BrainFactory = () => new DemoBrain();

class DemoBrain implements Brain {
  private askedForNumber = false;

  decide(turn: Turn, situation: Situation): readonly Act[] {
    switch (turn.type) {
      case 'asked':
        return this.onAsked(turn.instructions, situation);
      case 'aside':
        return [speak(`In short: ${turn.text}`)];
      case 'tool-result':
        return afterTool(turn.name, turn.output);
      case 'spoken':
      case 'typed':
        return this.answer(turn.text, situation.tools);
    }
  }

  /** Greets, or continues the conversation where it was left. */
  private onAsked(instructions: string, { history, instructions: always, tools }: Situation): readonly Act[] {
    const line = greeting(instructions);
    const question = history.findLast(({ role }) => role === 'user');
    const isWaiting = THEN_ANSWER.test(instructions) || (line === undefined && history.at(-1)?.role === 'user');
    if (question === undefined || !isWaiting) return [speak(line ?? greeting(always) ?? GREETING)];
    return [...(line === undefined ? [] : [speak(line)]), ...this.answer(question.text, tools)];
  }

  private answer(text: string, tools: readonly OfferedTool[]): readonly Act[] {
    const exactly = EXACTLY.exec(text)?.[1];
    if (exactly !== undefined) return [speak(unquoted(exactly))];
    const offered = (name: string): boolean => tools.some((tool) => tool.name === name);
    if (HUMAN.test(text) && offered('transfer_to_human'))
      return [callTool('transfer_to_human', { reason: 'requested_human', summary: text })];
    if (BYE.test(text)) return offered('end_call') ? [speak(GOODBYE), callTool('end_call')] : [speak(GOODBYE)];
    const digits = digitsIn(text);
    if (ORDER.test(text) || (this.askedForNumber && digits !== '')) return this.order(digits, tools);
    return [speak(HOURS_ASKED.test(text) ? HOURS : POLITE)];
  }

  private order(digits: string, tools: readonly OfferedTool[]): readonly Act[] {
    this.askedForNumber = digits === '';
    if (digits === '') return [speak(ASK_NUMBER)];
    const tool = tools.find(
      ({ name, description }) => ORDER.test(name.replaceAll('_', ' ')) || ORDER.test(description),
    );
    if (tool === undefined || tool.name === 'transfer_to_human')
      return [speak(`Order ${digits.split('').join(' ')} is on its way to you.`)];
    return [callTool(tool.name, { [firstParameter(tool.parameters) ?? 'order_number']: digits })];
  }
}

function greeting(instructions: string): string | undefined {
  const found = EXACTLY.exec(instructions)?.[1] ?? GREET_WITH.exec(instructions)?.[1];
  return found === undefined ? undefined : unquoted(found);
}

function unquoted(text: string): string {
  return text.trim().replace(/^["“'](.*)["”']\.?$/, '$1');
}

function afterTool(name: string, output: string): readonly Act[] {
  // The call continues without the model.
  if (name === 'transfer_to_human' || name === 'end_call') return [];
  return [speak(`I found it. ${spokenResult(output)}`)];
}

function spokenResult(output: string): string {
  let value: unknown = output;
  try {
    value = JSON.parse(output);
  } catch {
    // Plain text is a result too.
  }
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = Object.entries(value).filter(([, part]) => ['string', 'number', 'boolean'].includes(typeof part));
  return parts.map(([key, part]) => `${key.replaceAll('_', ' ')}: ${String(part)}.`).join(' ');
}

function firstParameter(schema: unknown): string | undefined {
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return undefined;
  return Object.keys(schema.properties as object)[0];
}

function digitsIn(text: string): string {
  const words = text.toLowerCase().match(/\d+|[a-z]+/g) ?? [];
  return words.map((word) => (/\d/.test(word) ? word : digitOf(word))).join('');
}

function digitOf(word: string): string {
  const digit = DIGIT_WORDS.indexOf(word);
  return digit >= 0 ? String(digit) : '';
}

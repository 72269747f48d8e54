import { ended, type Intent, intentOf, isNo, isYes } from './intents.js';
import { digitsIn } from './spoken-number.js';

/** An answer of the built-in dialog. */
export interface DialogReply {
  sentences: readonly string[];
  call?: { tool: 'transfer_to_human' | 'end_call'; arguments: Record<string, string> };
}

const ANSWERS = {
  hours: [
    'We are open Monday to Friday, from nine in the morning until six in the evening.',
    'On Saturdays we are open from ten until two.',
    'On Sundays and on public holidays we are closed.',
  ],
  address: [
    'You find us at twenty five Market Street, right next to the main station.',
    'There is a car park behind the building.',
  ],
  returns: [
    'You can return anything within thirty days, as long as it is unused.',
    'Put it back into its box with the delivery note, and your money is on its way within a week.',
  ],
  prices: [
    'All prices are on our website, and they include tax.',
    'Delivery costs four dollars, and it is free for orders over fifty dollars.',
  ],
  thanks: ['You are very welcome.', 'Is there anything else I can do for you?'],
  greeting: ['Hello!', 'What can I do for you?'],
} as const satisfies Partial<Record<Intent, readonly string[]>>;

const GOODBYE = ['Thank you for calling.', 'Goodbye!'];
const ASK_NUMBER = ['I will look that up for you.', 'What is your order number?'];
const ASK_AGAIN = [
  'Sorry, I did not understand that.',
  'You can ask me about opening hours, your order, returns or prices.',
];
/** Minimum number of digits in an order number. */
const MIN_ORDER_DIGITS = 3;

/** What the last answer asked for. It decides what a bare "yes", "no" or number means. */
type Question = 'none' | 'order-number' | 'anything-else';

/** The small built-in dialog that answers if no language model is configured. Each call has its own. */
export class Dialog {
  private readonly canTransfer: boolean;
  private question: Question = 'none';
  private misunderstood = 0;
  private last: readonly string[] = ['What can I do for you?'];

  /** If `canTransfer` is false, the dialog never calls a human and asks again instead. */
  constructor(options: { canTransfer?: boolean } = {}) {
    this.canTransfer = options.canTransfer ?? true;
  }

  /** `text` is what the caller said. `''` if it was not understood. */
  answer(text: string): DialogReply {
    const reply = this.find(text);
    if (reply === undefined) return this.notUnderstood();
    this.misunderstood = 0;
    this.last = reply.sentences;
    return reply;
  }

  private find(text: string): DialogReply | undefined {
    if (text.trim() === '') return undefined;
    if (ended(text)) return this.goodbye();
    const { intent, negated } = intentOf(text);
    const digits = digitsIn(text, this.question === 'order-number');
    if (digits.length >= MIN_ORDER_DIGITS && (intent === 'order' || intent === undefined))
      return this.orderStatus(digits);
    if (intent !== undefined) return this.byIntent(intent);
    if (negated) return this.ask('none', ['All right.', 'What can I do for you instead?']);
    if (isNo(text)) return this.no();
    if (isYes(text)) return this.yes();
    return undefined;
  }

  private byIntent(intent: Intent): DialogReply {
    switch (intent) {
      case 'order':
        return this.ask('order-number', ASK_NUMBER);
      case 'repeat':
        return { sentences: this.last };
      case 'thanks':
        return this.ask('anything-else', ANSWERS.thanks);
      default:
        return this.ask('none', ANSWERS[intent]);
    }
  }

  private orderStatus(digits: string): DialogReply {
    // Spaces make the voice read digit by digit.
    const spaced = digits.split('').join(' ');
    return this.ask('anything-else', [
      `Thank you, order number ${spaced}.`,
      'It is packed and on its way to you, and it should arrive within two working days.',
      'Is there anything else I can do for you?',
    ]);
  }

  private yes(): DialogReply {
    if (this.question === 'order-number')
      return this.ask('order-number', ['Good.', 'Please tell me the number, or type it on your keypad.']);
    return this.ask('none', ['Of course.', 'What would you like to know?']);
  }

  private no(): DialogReply {
    if (this.question === 'anything-else') return this.goodbye();
    if (this.question === 'order-number') {
      return this.ask('anything-else', [
        'No problem.',
        'You find the number in the email that confirmed your order.',
        'Is there anything else I can do for you?',
      ]);
    }
    return this.ask('none', ['All right.', 'What can I do for you?']);
  }

  private goodbye(): DialogReply {
    this.question = 'none';
    return { sentences: GOODBYE, call: { tool: 'end_call', arguments: { reason: 'caller_done' } } };
  }

  private ask(question: Question, sentences: readonly string[]): DialogReply {
    this.question = question;
    return { sentences };
  }

  private notUnderstood(): DialogReply {
    this.misunderstood++;
    if (this.misunderstood === 1 || !this.canTransfer) return { sentences: ASK_AGAIN };
    this.misunderstood = 0;
    return {
      // The gateway announces the transfer, and would cut off anything said here.
      sentences: [],
      call: {
        tool: 'transfer_to_human',
        arguments: { reason: 'not_understood', summary: 'The assistant did not understand the caller twice in a row.' },
      },
    };
  }
}

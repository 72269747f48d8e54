import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../base/clock.js';
import { TandemError } from '../base/errors.js';
import type { NumberList } from '../handover/number-list.js';
import { identifyingNumber } from '../twilio/caller-identity.js';
import { type AssistantTool, defineTool } from '../voice/tools.js';

export const DO_NOT_CALL_TOOL = 'do_not_call';

const NO_NUMBER = 'Their number is not known. Say so, and offer a colleague.';

/** The numbers of people who do not want to be called, each as an HMAC. */
export class DoNotCall {
  private readonly list: NumberList;
  private readonly pepper: string;
  private readonly clock: Clock;
  private isKeyChecked = false;

  constructor(options: { list: NumberList; pepper: string; clock: Clock }) {
    this.list = options.list;
    this.pepper = options.pepper;
    this.clock = options.clock;
  }

  /** @throws TandemError STORE_*, DO_NOT_CALL_KEY */
  async has(number: string): Promise<boolean> {
    await this.checkKey();
    return this.list.has(this.keyOf(number));
  }

  /** @throws TandemError STORE_*, DO_NOT_CALL_KEY */
  async add(number: string): Promise<void> {
    await this.checkKey();
    await this.list.add(this.keyOf(number), Math.floor(this.clock.epochMs() / 1000));
  }

  /** Returns the tool with which an assistant puts the person on the line on the list. */
  tool(number: string, onAdded: () => void): AssistantTool {
    return defineTool({
      name: DO_NOT_CALL_TOOL,
      description:
        'Note that this person does not want to be called by the company any more. Call it as soon as they say so. Afterwards confirm it in one sentence and say goodbye.',
      parameters: z.object({}),
      run: async () => {
        if (identifyingNumber(number) === undefined) return { error: NO_NUMBER };
        await this.add(number);
        onAdded();
        return { status: 'noted' };
      },
    });
  }

  /** With another pepper every number would be missing from the list, and everybody on it would be called again. */
  private async checkKey(): Promise<void> {
    if (this.isKeyChecked) return;
    const mark = this.hmac('mark');
    if ((await this.list.mark(mark)) !== mark)
      throw new TandemError('DO_NOT_CALL_KEY', 'The do-not-call list was written with another HANDOVER_TOKEN_PEPPER.');
    this.isKeyChecked = true;
  }

  private keyOf(number: string): string {
    return this.hmac(`number:${number}`);
  }

  private hmac(text: string): string {
    return createHmac('sha256', this.pepper).update(`do-not-call:${text}`).digest('hex');
  }
}

/** Told to a model whose caller is not written down, because the gateway then finds no phrase that asks for a human. */
export const LISTEN_FOR_TRANSFER =
  'The words of the caller are not written down in this call. If the caller asks for a person, or needs one, call the transfer tool yourself at once.';

/** Number of utterances in a row without a text after which no text is expected any more. */
const MAX_WITHOUT_TEXT = 3;
/** The same for utterances whose transcription the service reports as failed. */
const MAX_FAILED = 2;

/** Notices that the service writes down nothing of what the caller says. One watch serves all sessions of a call. */
export class TranscriptionWatch {
  private withoutText = 0;
  private failures = 0;
  private lastCode = 'none';
  private isWarned = false;

  /** Whether the caller's words have been missing. */
  get isBlind(): boolean {
    return this.isWarned;
  }

  /** The service's code for the last failure. `none` if it reports no failure and sends no text either. */
  get code(): string {
    return this.lastCode;
  }

  /** Called when a text has arrived, even an empty one, which stands for noise. */
  wrote(): void {
    this.withoutText = 0;
    this.failures = 0;
  }

  /** Called when the service reports a failure. Returns true once in a call, when the caller's words are missing. */
  failed(code: string): boolean {
    this.lastCode = code === '' ? 'other' : code;
    return ++this.failures >= MAX_FAILED && this.goBlind();
  }

  /**
   * Called for each utterance that the service takes. The text of the last ones may still be on its way. Returns the same.
   */
  taken(): boolean {
    return ++this.withoutText > MAX_WITHOUT_TEXT && this.goBlind();
  }

  /** Called for a session without transcription, because the service has refused it. Returns the same. */
  refused(): boolean {
    this.lastCode = 'refused';
    return this.goBlind();
  }

  private goBlind(): boolean {
    const wasBlind = this.isWarned;
    this.isWarned = true;
    return !wasBlind;
  }
}

/** Number of utterances without a text after which no text is expected any more. */
const MAX_WITHOUT_TEXT = 3;

/** Notices that the service writes down nothing of what the caller says. */
export class TranscriptionWatch {
  private readonly onBlind: (code: string) => void;
  private withoutText = 0;
  private code = 'none';
  private state: 'watching' | 'works' | 'blind' = 'watching';

  /**
   * `onBlind` is called once at most, with the service's code for the last failure. The code is `none` if it reports no
   * failure and sends no text either.
   */
  constructor(onBlind: (code: string) => void) {
    this.onBlind = onBlind;
  }

  /** Called when a text has arrived, even an empty one, which stands for noise. */
  wrote(): void {
    this.state = 'works';
  }

  failed(code: string): void {
    this.code = code === '' ? 'other' : code;
    // Counted already when the service took the utterance.
    if (this.withoutText >= MAX_WITHOUT_TEXT - 1) this.goBlind();
  }

  /** Called for each utterance that the service takes. The text of the last ones may still be on its way. */
  taken(): void {
    this.withoutText++;
    if (this.withoutText > MAX_WITHOUT_TEXT) this.goBlind();
  }

  private goBlind(): void {
    if (this.state !== 'watching') return;
    this.state = 'blind';
    this.onBlind(this.code);
  }
}

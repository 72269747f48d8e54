// What commands show a person: colours on a terminal, and progress beside the output.

/** The part of a stream that decides how it is written to. */
export interface Screen {
  isTTY?: boolean;
  write(text: string): unknown;
}

export type Colour = 'red' | 'green' | 'yellow' | 'dim' | 'bold';

/** SGR parameters (ECMA-48): switch on, switch off. */
const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  dim: [2, 22],
  bold: [1, 22],
};

export type Paint = (colour: Colour, text: string) => string;

/** Returns a painter for text on `screen`. It paints only on a terminal, and not if NO_COLOR is set (https://no-color.org). */
export function painter(screen: Screen, env: Readonly<Record<string, string | undefined>>): Paint {
  const isPlain = screen.isTTY !== true || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return (colour, text) => {
    if (isPlain) return text;
    const [on, off] = CODES[colour];
    return `\u001B[${on}m${text}\u001B[${off}m`;
  };
}

/** Shows how far a long command is. */
export interface Progress {
  /** Shows this text in place of the last one. */
  show(text: string): void;
  /** Removes what is shown. */
  end(): void;
}

/** A command that takes no longer shows nothing. */
const FIRST_AFTER_MS = 3000;
const TERMINAL_EVERY_MS = 200;
/** A log gets a line only this often. */
const LOG_EVERY_MS = 15_000;
const CLEAR_LINE = '\r\u001B[K';

/** Shows progress on `screen`, for commands standard error: one line that changes on a terminal, else a line now and then. */
export function openProgress(screen: Screen, nowMs: () => number = () => performance.now()): Progress {
  const isTerminal = screen.isTTY === true;
  const startedMs = nowMs();
  let shownMs = Number.NEGATIVE_INFINITY;
  let isShown = false;
  return {
    show: (text) => {
      const now = nowMs();
      if (now - startedMs < FIRST_AFTER_MS || now - shownMs < (isTerminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS)) return;
      shownMs = now;
      isShown = isTerminal;
      screen.write(isTerminal ? CLEAR_LINE + text : `${text}\n`);
    },
    end: () => {
      if (isShown) screen.write(CLEAR_LINE);
      isShown = false;
    },
  };
}

/** Shows `text` with the seconds so far until `work` is done, for work that tells nothing while it runs. */
export async function withProgress<Result>(
  screen: Screen,
  text: (seconds: number) => string,
  work: () => Promise<Result>,
): Promise<Result> {
  const progress = openProgress(screen);
  const startedMs = performance.now();
  const timer = setInterval(() => progress.show(text(Math.round((performance.now() - startedMs) / 1000))), 1000);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    progress.end();
  }
}

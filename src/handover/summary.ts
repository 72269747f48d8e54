import { MAX_SUMMARY, printable } from './record.js';

export interface SpokenTurn {
  speaker: 'caller' | 'assistant';
  text: string;
}

/** What was said, for the human who takes over: the caller's own words first, newest kept when there is no room. */
export function summarize(turns: readonly SpokenTurn[]): string {
  const said = turns.filter((turn) => turn.text.trim() !== '');
  if (said.length === 0) return 'The caller has not said anything yet.';
  const lines = said.map((turn) => `${turn.speaker === 'caller' ? 'Caller' : 'Assistant'}: ${printable(turn.text, 240)}`);
  let size = 0;
  let from = lines.length;
  while (from > 0 && size + (lines[from - 1] as string).length + 3 <= MAX_SUMMARY - 5) {
    from--;
    size += (lines[from] as string).length + 3;
  }
  return printable(`${from > 0 ? '… | ' : ''}${lines.slice(from).join(' | ')}`, MAX_SUMMARY);
}

import { text as textOf } from '../text/text.js';

/** What was said, as the handover's record has it: in parts, each a line. */
export function Summary({ text }: { text: string }) {
  if (text === '') return <>{textOf('desk.noSummary')}</>;
  return (
    <span class="desk-summary">
      {text.split(' | ').map((part) => (
        <span key={part}>{part}</span>
      ))}
    </span>
  );
}

import { text } from '../text/text.js';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'] as const;
const NAMES: Readonly<Record<string, string>> = { '*': 'star', '#': 'hash' };

/** The keys of a telephone. */
export function Keypad({ disabled, onPress }: { disabled: boolean; onPress: (digit: string) => void }) {
  return (
    <div class="keypad" role="group" aria-label={text('phone.keypad')}>
      {KEYS.map((key) => (
        <button
          key={key}
          type="button"
          data-testid={`phone-key-${NAMES[key] ?? key}`}
          aria-label={key === '*' ? text('phone.star') : key === '#' ? text('phone.hash') : undefined}
          disabled={disabled}
          onClick={() => onPress(key)}
        >
          {key}
        </button>
      ))}
    </div>
  );
}

import type { AgentScreen } from './connect.js';

const WIDTH = 76;
const INDENT = 10;
const SHOWN: readonly (readonly [label: string, attribute: string])[] = [
  ['Caller', 'customer_phone'],
  ['Name', 'customer_name'],
  ['Reason', 'reason'],
  ['About', 'intent'],
  ['Language', 'language'],
  ['Priority', 'priority'],
  ['Handover', 'handover_id'],
  ['Said', 'summary'],
];

/** Renders the agent's screen as a box for a terminal. */
export function renderAgentScreen(screen: AgentScreen): string {
  const lines = [
    ...wrapped('Queue', screen.queue),
    ...SHOWN.flatMap(([label, name]) => {
      const value = screen.attributes[name] ?? '';
      return value === '' ? [] : wrapped(label, value);
    }),
  ];
  const title = ' Agent’s screen (Amazon Connect) ';
  return [
    `┌─${title}${'─'.repeat(WIDTH - title.length - 1)}┐`,
    ...lines.map((line) => `│ ${line.padEnd(WIDTH - 2)} │`),
    `└${'─'.repeat(WIDTH)}┘`,
  ].join('\n');
}

/**
 * Wraps `value` into lines that fit the box, with a new line for each part of a summary. Removes control characters, so
 * that they never reach the terminal.
 */
function wrapped(label: string, value: string): string[] {
  const room = WIDTH - 2 - INDENT;
  const parts = value.replace(/\p{Control}/gu, '').split(' | ');
  const lines = parts.flatMap((part) => part.match(new RegExp(`\\S.{0,${room - 1}}(?=\\s|$)|\\S{${room}}`, 'g')) ?? []);
  return lines.map((line, index) => (index === 0 ? label : '').padEnd(INDENT) + line);
}

import type { AgentScreen } from './connect.js';

const WIDTH = 76;
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

/** The agent's screen as a box for a terminal. */
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

const INDENT = 10;

/** `value` in lines that fit the box; the parts of a summary each begin a line. Control characters never reach the terminal. */
function wrapped(label: string, value: string): string[] {
  const room = WIDTH - 2 - INDENT;
  const parts = value.replace(/\p{Control}/gu, '').split(' | ');
  const lines = parts.flatMap((part) => part.match(new RegExp(`\\S.{0,${room - 1}}(?=\\s|$)|\\S{${room}}`, 'g')) ?? []);
  return lines.map((line, index) => (index === 0 ? label : '').padEnd(INDENT) + line);
}

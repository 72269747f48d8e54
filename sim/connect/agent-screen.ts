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
    `Queue     ${screen.queue}`,
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

function wrapped(label: string, value: string): string[] {
  const indent = 10;
  const room = WIDTH - 2 - indent;
  const lines: string[] = [];
  let line = '';
  for (const word of value.split(' | ').flatMap((part, index) => [...(index > 0 ? ['\n'] : []), ...part.split(' ')])) {
    if (word === '\n' || line.length + word.length + 1 > room) {
      lines.push(line);
      line = word === '\n' ? '' : word.slice(0, room);
    } else line = line === '' ? word.slice(0, room) : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((text, index) => (index === 0 ? label : '').padEnd(indent) + text);
}

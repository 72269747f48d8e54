import type { AgentScreen } from './connect.js';
import type { GuideItem, GuideView } from './guide-view.js';

const WIDTH = 76;
const INDENT = 14;

/** Renders the agent's screen as a box for a terminal: what Connect's workspace shows, and the guide. */
export function renderAgentScreen(screen: AgentScreen): string {
  const { customerNumber, priority, queue, view } = screen;
  const lines = [
    ...wrapped('Queue', `${queue}, priority ${priority}`),
    ...wrapped('Number', customerNumber),
    '',
    ...(view === undefined ? wrapped('', 'No guide is attached, so there is nothing else to see.') : guideLines(view)),
  ];
  const title = ' Agent’s screen (Amazon Connect) ';
  return [
    `┌─${title}${'─'.repeat(WIDTH - title.length - 1)}┐`,
    ...lines.map((line) => `│ ${line.padEnd(WIDTH - 2)} │`),
    `└${'─'.repeat(WIDTH)}┘`,
  ].join('\n');
}

function guideLines({ back, bar, description, heading, sections }: GuideView): string[] {
  return [
    ...wrapped('', heading),
    ...wrapped('', description),
    '',
    ...bar.flatMap(itemLines),
    ...sections.flatMap(({ heading: title, items }) => ['', ...wrapped('', title), ...items.flatMap(itemLines)]),
    '',
    ...wrapped('', `[ ${back} ]`),
  ];
}

function itemLines({ label, url, value }: GuideItem): string[] {
  return wrapped(label, url === '' ? value : `${value} → ${url}`);
}

/** Wraps `value` into lines that fit the box. Removes control characters, so that they never reach the terminal. */
function wrapped(label: string, value: string): string[] {
  const indent = label === '' ? 0 : INDENT;
  const room = WIDTH - 2 - indent;
  const text = value.replace(/\p{Control}/gu, '');
  const lines = text.match(new RegExp(`\\S.{0,${room - 1}}(?=\\s|$)|\\S{${room}}`, 'g')) ?? [];
  return lines.map((line, index) => (index === 0 ? label.slice(0, INDENT - 1) : '').padEnd(indent) + line);
}

// Draws what the agent sees when a handover arrives: the guide of connect/agent-guide.json, run by the simulated Connect with a
// sample handover, beside the contact as Connect's agent workspace shows it. Used by generate.mjs.
import { DigitInput } from '../dist/sim/connect/digit-input.js';
import { newContact } from '../dist/sim/connect/flow-contact.js';
import { FlowRunner } from '../dist/sim/connect/flow-runner.js';
import { loadFlow } from '../dist/sim/connect/flow.js';

const SAMPLE = {
  token_status: 'valid',
  handover_id: '01K9X2Q8T4N7V5B3M6C1D0F2GH',
  conversation_id: 'c0ffee42',
  customer_phone: '+12025550123',
  customer_name: 'Ada Byron',
  reason_text: 'The caller asked for a person, about a bill or a payment.',
  language_text: 'American English',
  summary:
    'Caller: I was charged twice for order 4711. | Assistant: I can see one payment of 49 dollars. | Caller: I want to speak to a human agent.',
  crm_url: 'https://app.hubspot.com/contacts/12345678/record/0-5/90210',
};
const WIDTH = 880;
const LEFT = 230;
const EDGE = 24;
const LINE = 20;
/** Size of the heading. It is bold, and its letters are wider. */
const HEADING = 20;
/** About the width of a letter, as a part of its size. */
const LETTER = 0.53;
const BOLD_LETTER = 0.66;

/** @returns {Promise<string>} the picture as SVG */
export async function guidePicture() {
  const view = await shownFor(SAMPLE);
  const x = LEFT + EDGE;
  const parts = [];
  let y = 62;
  const step = (WIDTH - x) / view.bar.length;
  view.bar.forEach(({ label, url, value }, index) => {
    const at = x + index * step;
    parts.push(text(at, y, 'label', label), text(at, y + LINE, url === '' ? 'value' : 'link', value));
  });
  y += 42;
  parts.push(`<line class="rule" x1="${LEFT}" y1="${y}" x2="${WIDTH - 1}" y2="${y}"/>`);
  y += 38;
  for (const line of wrapped(view.heading, HEADING)) {
    parts.push(text(x, y, 'heading', line));
    y += 26;
  }
  parts.push(text(x, y, 'note', view.description));
  for (const { heading, items } of view.sections) {
    y += 38;
    parts.push(text(x, y, 'section', heading));
    for (const { label, value } of items) {
      y += 24;
      parts.push(text(x, y, 'label', label));
      for (const line of wrapped(value, 14)) {
        y += LINE;
        parts.push(text(x, y, 'value', line));
      }
    }
  }
  y += 40;
  parts.push(text(x, y, 'link', view.back));
  const height = y + EDGE;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title text">
  <title id="title">What the agent sees</title>
  <desc id="text">${escaped(view.heading)} ${escaped(view.bar.map(({ label, value }) => `${label}: ${value}`).join('; '))}. Below it the summary of what was said, and the ids of the handover.</desc>
${STYLE}
  <rect class="panel" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>
  <path class="side" d="M${LEFT} 1H8a7 7 0 0 0-7 7V${height - 8}a7 7 0 0 0 7 7H${LEFT}Z"/>
  <line class="rule" x1="${LEFT}" y1="1" x2="${LEFT}" y2="${height - 1}"/>
  ${text(EDGE, 38, 'section', 'Connected call')}
  ${text(EDGE, 72, 'label', 'Phone number')}
  ${text(EDGE, 72 + LINE, 'value', SAMPLE.customer_phone)}
  ${text(EDGE, 126, 'label', 'Queue')}
  ${text(EDGE, 126 + LINE, 'value', 'Billing')}
  ${text(EDGE, 180, 'label', 'In your ear, before the caller')}
  ${wrapped(`“From the assistant. ${SAMPLE.reason_text}”`, 14, LEFT - 2 * EDGE)
    .map((line, index) => text(EDGE, 180 + LINE * (index + 1), 'say', line))
    .join('\n  ')}
  ${text(LEFT + EDGE, 32, 'tab', 'Guide')}
  ${parts.join('\n  ')}
</svg>
`;
}

/** Runs the guide for a contact with `attributes`. Returns the view that it shows. */
async function shownFor(attributes) {
  const clock = { now: () => 0, epochMs: () => 0, setTimer: () => ({ cancel: () => {} }) };
  const contact = newContact({
    contactId: 'sample',
    customerNumber: attributes.customer_phone,
    systemNumber: '+18005550100',
    isGone: () => false,
    pause: () => Promise.resolve(),
  });
  Object.assign(contact.attributes, attributes);
  let shown;
  const services = {
    clock,
    input: new DigitInput(clock),
    lambda: () => Promise.reject(new Error('The guide asks no function.')),
    queues: new Map(),
    onStep: () => {},
    onMessage: () => {},
    showView: (view) => {
      shown = view;
      return Promise.resolve('Back');
    },
  };
  await new FlowRunner(services, contact).run(loadFlow('agent-guide'));
  if (shown === undefined) throw new Error('The guide shows nothing.');
  return shown;
}

function text(x, y, kind, value) {
  return `<text class="${kind}" x="${Math.round(x)}" y="${y}">${escaped(value)}</text>`;
}

/** Breaks a text into lines of at most `width`. */
function wrapped(value, size, width = WIDTH - LEFT - 2 * EDGE) {
  const room = Math.floor(width / (size * (size === HEADING ? BOLD_LETTER : LETTER)));
  return value.match(new RegExp(`\\S.{0,${room - 1}}(?=\\s|$)|\\S{${room}}`, 'g')) ?? [];
}

function escaped(value) {
  return value.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

const STYLE = `  <style>
    .panel { fill: #ffffff; stroke: #8c959f; }
    .side { fill: #f6f8fa; }
    .rule { stroke: #d0d7de; }
    text { font-family: -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #1f2328; font-size: 14px; }
    .heading { font-size: ${HEADING}px; font-weight: 600; }
    .section { font-size: 15px; font-weight: 600; }
    .tab { font-size: 13px; font-weight: 600; fill: #0969da; }
    .label { font-size: 12px; fill: #57606a; }
    .note { font-size: 13px; fill: #57606a; }
    .say { font-size: 14px; font-style: italic; }
    .link { fill: #0969da; text-decoration: underline; }
    @media (prefers-color-scheme: dark) {
      .panel { fill: #0d1117; stroke: #6e7681; }
      .side { fill: #161b22; }
      .rule { stroke: #30363d; }
      text { fill: #e6edf3; }
      .tab, .link { fill: #58a6ff; }
      .label, .note { fill: #8d96a0; }
    }
  </style>`;

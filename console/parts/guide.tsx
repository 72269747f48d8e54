import type { GuideView } from '../live/agents-desk.js';
import { text } from '../text/text.js';
import { Summary } from './summary.js';

/** What Connect's workspace shows the agent of the contact: the view of the flow's guide, with nothing added. */
export function Guide({ view: { bar, description, heading, sections } }: { view: GuideView }) {
  return (
    <section class="card guide" data-testid="agent-guide" aria-labelledby="guide">
      <div class="card-head stacked">
        <h2 id="guide">{heading === '' ? text('desk.guide') : heading}</h2>
        <p class="soft">{description}</p>
      </div>
      <dl class="guide-bar">
        {bar.map((item) => (
          <Item key={item.label} item={item} />
        ))}
      </dl>
      {sections.map((section) => (
        <div key={section.heading} class="guide-section">
          <h3>{section.heading}</h3>
          <dl>
            {section.items.map((item) => (
              <Item key={item.label} item={item} />
            ))}
          </dl>
        </div>
      ))}
    </section>
  );
}

function Item({ item: { label, url, value } }: { item: GuideView['bar'][number] }) {
  return (
    <div data-testid="agent-guide-item" data-label={label}>
      <dt>{label}</dt>
      <dd>
        {url.startsWith('https://') ? (
          <a data-testid="agent-crm-link" href={url} target="_blank" rel="noopener noreferrer">
            {value}
          </a>
        ) : (
          <Summary text={value} />
        )}
      </dd>
    </div>
  );
}

import { useEffect } from 'preact/hooks';
import '../style.css';
import { firstSession } from '../live/api.js';
import { receiveEvents } from '../live/events-socket.js';
import { draw } from '../parts/draw.js';
import { Frame } from '../parts/frame.js';
import { FAILURES, failureTexts } from '../text/failures.js';
import { text } from '../text/text.js';

function start(): () => void {
  void firstSession();
  return receiveEvents(undefined, () => undefined);
}

/** The table of what can fail in a handover. Each row has an address. */
function FailuresPage() {
  useEffect(start, []);
  useEffect(() => {
    document.title = `${text('failures.title')} · ${text('product')}`;
    // The row of the address is drawn only now.
    document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: 'center' });
  }, []);
  return (
    <Frame>
      <main id="content" data-testid="page-failures">
        <h1>{text('failures.title')}</h1>
        <p>{text('failures.intro')}</p>
        <div class="card scroll" tabIndex={0} role="group" aria-label={text('failures.title')}>
          <table role="table" class="plain failures">
            <thead role="rowgroup">
              <tr role="row">
                {(['step', 'is', 'do'] as const).map((name) => (
                  <th key={name} role="columnheader" scope="col">
                    {text(`failures.${name}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody role="rowgroup">
              {FAILURES.map((name) => (
                <Row key={name} name={name} />
              ))}
            </tbody>
          </table>
        </div>
      </main>
    </Frame>
  );
}

function Row({ name }: { name: string }) {
  const texts = failureTexts(name);
  return (
    <tr id={name} role="row" data-testid="failure" data-failure={name}>
      <th role="rowheader" scope="row">
        <code>{name}</code>
      </th>
      <td role="cell">{texts && text(texts.is)}</td>
      <td role="cell">{texts && text(texts.todo)}</td>
    </tr>
  );
}

draw(<FailuresPage />);

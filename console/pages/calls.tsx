import { render } from 'preact';
import '../style.css';
import { text } from '../text/text.js';

function CallsPage() {
  return (
    <main data-testid="page-calls">
      <h1>{text('title')}</h1>
    </main>
  );
}

document.title = text('title');
render(<CallsPage />, document.body);

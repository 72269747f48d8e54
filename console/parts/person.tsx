import type { CallRow } from '../../src/console/messages.js';
import { text } from '../text/text.js';

/** The number of the caller, or of the person whom the gateway has called, with a sign of which it is. */
export function Person({ call }: { call: Pick<CallRow, 'direction' | 'from' | 'to'> }) {
  if (call.direction !== 'outbound') return <>{call.from}</>;
  return (
    <>
      <span role="img" aria-label={text('direction.outbound')} title={text('direction.outbound')}>
        →
      </span>{' '}
      {call.to}
    </>
  );
}

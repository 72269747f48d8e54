import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ConsoleEvent } from '../../src/console/messages.js';
import '../style.css';
import { ring } from '../audio/ring.js';
import { Telephone } from '../audio/telephone.js';
import { AgentsDesk, type Contact } from '../live/agents-desk.js';
import { announce } from '../live/announcer.js';
import { firstSession } from '../live/api.js';
import { onKeys } from '../live/shortcuts.js';
import { draw } from '../parts/draw.js';
import { Elapsed } from '../parts/elapsed.js';
import { Frame } from '../parts/frame.js';
import { Guide } from '../parts/guide.js';
import { Icon } from '../parts/icon.js';
import { Meter } from '../parts/meter.js';
import { Transcript } from '../parts/transcript.js';
import { Summary } from '../parts/summary.js';
import { type TextKey, named, text } from '../text/text.js';

const desk = new AgentsDesk();
const selected = signal<ConsoleEvent | undefined>(undefined);

/** What an agent looks at first, in this order. All other attributes follow by name. */
const FIRST = ['customer_name', 'customer_phone', 'reason', 'intent', 'language', 'priority', 'summary', 'crm_url'];

function start(): () => void {
  void firstSession();
  desk.open();
  return onKeys({ m: () => desk.toggleMute() });
}

function AgentPage() {
  useEffect(start, []);
  const state = desk.state.value;
  useEffect(() => {
    document.title = `${state === 'ringing' ? '☎ ' : ''}${text(`desk.state.${state}`)} · ${text('nav.agent')}`;
    if (state !== 'waiting') announce(text(`desk.state.${state}`));
    return state === 'ringing' ? ring() : undefined;
  }, [state]);
  const contact = desk.contact.value;
  return (
    <Frame current="agent">
      <main id="content" data-testid="page-agent">
        <h1>{text('nav.agent')}</h1>
        <Line contact={contact} />
        {contact === undefined ? (
          <div class="empty">
            <p class="empty-title">{text('desk.empty.title')}</p>
            <p>{text('desk.empty.text')}</p>
            <a class="button" href="/console/phone" target="_blank" rel="noopener">
              {text('desk.phone')}
            </a>
          </div>
        ) : (
          <div class="call-parts">
            <div>
              {contact.view === undefined ? <NoGuide /> : <Guide view={contact.view} />}
              {contact.whisper !== '' && (
                <p class="note desk-whisper" data-testid="agent-whisper">
                  <b>{text('desk.whisper')}</b> {contact.whisper}
                </p>
              )}
              <Attributes contact={contact} />
            </div>
            <div data-testid="agent-transcript">
              {desk.call.value !== undefined && <Transcript store={desk.call.value} selected={selected} />}
            </div>
          </div>
        )}
      </main>
    </Frame>
  );
}

/** The telephone of the desk. */
function Line({ contact }: { contact: Contact | undefined }) {
  const state = desk.state.value;
  const error = desk.error.value;
  const outcome = desk.outcome.value;
  return (
    <section class="card desk-line" data-state={state} aria-label={text('desk.line')}>
      <p
        class="phone-status"
        data-testid="agent-status"
        data-state={state}
        data-connected={desk.isConnected.value}
        data-call-sid={contact?.callSid}
      >
        <span class="phone-lamp" aria-hidden="true" />
        <span>{text(state === 'waiting' && !desk.isConnected.value ? 'desk.unconnected' : `desk.state.${state}`)}</span>
        {state === 'ringing' && contact !== undefined && (
          <span class="desk-queue">{text('desk.from', { number: contact.customerNumber, queue: contact.queue })}</span>
        )}
        {(state === 'talking' || state === 'ended') && (
          <Elapsed sinceMs={desk.talkingSinceMs.value} isRunning={state === 'talking'} />
        )}
        {state === 'ended' && outcome !== undefined && (
          <span class="badge" data-testid="agent-outcome" data-outcome={outcome}>
            {text(outcomeText(outcome))}
          </span>
        )}
      </p>
      <div class="meters">
        <Meter testId="agent-level-out" label={text('speaker.caller')} level={Telephone.levelOut} />
        <Meter testId="agent-level-in" label={text('phone.you')} level={Telephone.levelIn} />
      </div>
      <div class="buttons">
        <button
          type="button"
          class="toggle"
          data-testid="agent-mute"
          aria-pressed={desk.isMuted.value}
          onClick={() => desk.toggleMute()}
        >
          {text('phone.mute')}
        </button>
        {state === 'talking' ? (
          <button type="button" class="danger solid" data-testid="agent-hangup" onClick={() => desk.hangup()}>
            {text('phone.hangup')}
          </button>
        ) : (
          <button
            type="button"
            class="solid"
            data-testid="agent-answer"
            disabled={state !== 'ringing' || desk.isAnswering.value}
            onClick={() => void desk.answer()}
          >
            <Icon name="phone" />
            {text('desk.answer')}
          </button>
        )}
      </div>
      <div role="alert">
        {error !== undefined && (
          <p class="problem" data-testid="agent-error" data-error={error}>
            {text(`phone.error.${error}`)} {state === 'talking' && text('desk.listen')}
          </p>
        )}
      </div>
    </section>
  );
}

/** The flow has no guide, or it failed. Connect then shows nothing of the contact but its number and queue. */
function NoGuide() {
  return (
    <section class="card" data-testid="agent-no-guide">
      <p class="note">{text('desk.noGuide')}</p>
    </section>
  );
}

function Attributes({ contact }: { contact: Contact }) {
  const names = Object.keys(contact.attributes);
  const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  return (
    <section class="card" aria-labelledby="attributes">
      <div class="card-head stacked">
        <h2 id="attributes">{text('desk.attributes')}</h2>
        <p class="soft">{text('desk.attributes.hint')}</p>
      </div>
      <dl class="desk-attributes">
        {names.map((name) => (
          <div key={name} data-testid="agent-attribute" data-name={name}>
            <dt>{name}</dt>
            <dd>
              {name === 'summary' ? (
                <Summary text={contact.attributes[name] ?? ''} />
              ) : (
                shownValue(name, contact.attributes[name] ?? '')
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function shownValue(name: string, value: string): string {
  if (value === '') return text('unknown');
  return name === 'reason' ? named('reason', value) : value;
}

function outcomeText(outcome: string): TextKey {
  switch (outcome) {
    case 'agent-hung-up':
    case 'caller-hung-up':
    case 'answered-elsewhere':
      return `desk.outcome.${outcome}`;
    default:
      return 'desk.outcome.lost';
  }
}

draw(<AgentPage />);

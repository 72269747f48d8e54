import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { ConsoleEvent } from '../../src/console/messages.js';
import '../style.css';
import { Telephone } from '../audio/telephone.js';
import { announce } from '../live/announcer.js';
import { firstSession, session } from '../live/api.js';
import { shortSid, shortTime } from '../live/format.js';
import { onKeys } from '../live/shortcuts.js';
import { Softphone } from '../live/softphone.js';
import { useTick } from '../live/ticker.js';
import { draw } from '../parts/draw.js';
import { Elapsed } from '../parts/elapsed.js';
import { Frame } from '../parts/frame.js';
import { Icon } from '../parts/icon.js';
import { Keypad } from '../parts/keypad.js';
import { Meter } from '../parts/meter.js';
import { Transcript } from '../parts/transcript.js';
import { named, text } from '../text/text.js';

const phone = new Softphone();
const selected = signal<ConsoleEvent | undefined>(undefined);
const from = signal('');
const isDropping = signal(false);

const DIGITS = '0123456789*#'.split('');

function start(): () => void {
  void firstSession();
  const forget = onKeys({
    m: () => phone.toggleMute(),
    ...Object.fromEntries(DIGITS.map((digit) => [digit, () => phone.isOnCall && phone.press(digit)])),
  });
  const over = (event: DragEvent): void => {
    event.preventDefault();
    isDropping.value = event.type === 'dragover';
    const file = event.type === 'drop' ? event.dataTransfer?.files[0] : undefined;
    if (file !== undefined) void phone.say(file);
  };
  for (const type of ['dragover', 'dragleave', 'drop'] as const) document.addEventListener(type, over);
  return () => {
    forget();
    for (const type of ['dragover', 'dragleave', 'drop'] as const) document.removeEventListener(type, over);
  };
}

function PhonePage() {
  useEffect(start, []);
  useTick(() => phone.checkRecording());
  const state = phone.state.value;
  useEffect(() => {
    document.title = `${text(`phone.state.${state}`)} · ${text('nav.phone')}`;
    if (state !== 'idle') announce(text(`phone.state.${state}`));
  }, [state]);
  return (
    <Frame current="phone">
      <main id="content" data-testid="page-phone" data-dropping={isDropping.value}>
        <h1>{text('phone.title')}</h1>
        <div class="phone-parts">
          <Handset />
          <Talk />
        </div>
      </main>
    </Frame>
  );
}

function Handset() {
  const state = phone.state.value;
  const { isOnCall } = phone;
  const outcome = phone.call.value?.call.value?.outcome;
  return (
    <section class="card handset" aria-label={text('phone.title')}>
      <p class="phone-status" data-testid="phone-status" data-state={state} data-call-sid={phone.callSid.value}>
        <span class="phone-lamp" aria-hidden="true" />
        <span>{text(`phone.state.${state}`)}</span>
        <Elapsed sinceMs={state === 'asking-mic' ? undefined : phone.startedMs.value} isRunning={isOnCall} />
        {state === 'ended' && outcome !== undefined && (
          <span class="badge" data-testid="phone-outcome" data-outcome={outcome}>
            {named('outcome', outcome)}
          </span>
        )}
      </p>
      <Problem />
      <div class="buttons wide">
        {state === 'called' && (
          <button type="button" class="solid" data-testid="phone-answer" onClick={() => phone.answer()}>
            <Icon name="phone" />
            {text('phone.answer')}
          </button>
        )}
        {isOnCall ? (
          <button type="button" class="danger solid" data-testid="phone-hangup" onClick={() => phone.hangup()}>
            {text(state === 'waiting' ? 'phone.wait.stop' : state === 'called' ? 'phone.decline' : 'phone.hangup')}
          </button>
        ) : (
          <button type="button" class="solid" data-testid="phone-call" onClick={() => void phone.place(from.value)}>
            <Icon name="phone" />
            {text('phone.call')}
          </button>
        )}
        <button
          type="button"
          class="toggle"
          data-testid="phone-mute"
          aria-pressed={phone.isMuted.value}
          onClick={() => phone.toggleMute()}
        >
          {text('phone.mute')}
        </button>
        {!isOnCall && session.value?.outbound === true && (
          <button type="button" data-testid="phone-wait" onClick={() => void phone.wait()}>
            {text('phone.wait')}
          </button>
        )}
      </div>
      <div class="meters">
        <Meter testId="phone-level-in" label={text('phone.you')} level={Telephone.levelIn} />
        <Meter testId="phone-level-out" label={text('phone.them')} level={Telephone.levelOut} />
      </div>
      <Keypad
        disabled={!isOnCall || ['asking-mic', 'waiting', 'called'].includes(state)}
        onPress={(digit) => phone.press(digit)}
      />
      <FromNumber disabled={isOnCall} />
      <Recording />
    </section>
  );
}

function Problem() {
  const error = phone.error.value;
  return (
    <div role="alert">
      {error !== undefined && (
        <p class="problem" data-testid="phone-error" data-error={error}>
          {text(`phone.error.${error}`)}{' '}
          {['insecure', 'refused', 'none', 'busy'].includes(error) && (
            <button
              type="button"
              class="link"
              data-testid="phone-listen"
              onClick={() => void phone.place(from.value, false)}
            >
              {text('phone.listen')}
            </button>
          )}
        </p>
      )}
    </div>
  );
}

function FromNumber({ disabled }: { disabled: boolean }) {
  return (
    <label class="field">
      {text('phone.from')}
      <input
        type="tel"
        data-testid="phone-from"
        autocomplete="off"
        placeholder="+12025550123"
        pattern="\+[1-9][0-9]{6,14}"
        value={from.value}
        disabled={disabled}
        onInput={(event) => (from.value = event.currentTarget.value.trim())}
      />
    </label>
  );
}

/** A recording that is said in place of the microphone. */
function Recording() {
  const [key, setKey] = useState(0);
  const name = phone.recording.value;
  return (
    <label class="field drop">
      {text('phone.file')}
      <input
        key={key}
        type="file"
        accept="audio/*,.wav"
        data-testid="phone-file"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file !== undefined) void phone.say(file);
          setKey(key + 1);
        }}
      />
      <span class="hint">{name === undefined ? text('phone.file.hint') : text('phone.file.waits', { name })}</span>
    </label>
  );
}

function Talk() {
  const call = phone.call.value;
  return (
    <div class="phone-talk" data-testid="phone-transcript">
      {call === undefined ? (
        <section class="empty">
          <p class="empty-title">{text('phone.empty.title')}</p>
          <p>{text('phone.empty.text')}</p>
          <ol class="steps">
            <li>{text('phone.step.call')}</li>
            <li>{text('phone.step.interrupt')}</li>
            <li>
              {text('phone.step.human')}{' '}
              <a href="/console/agent" target="_blank" rel="noopener">
                {text('phone.desk')}
              </a>
            </li>
          </ol>
        </section>
      ) : (
        <>
          <p class="phone-facts">
            <Latency ms={call.call.value?.lastTurnMs ?? null} />
            <a href={`/console/calls/${call.callSid}`}>{text('phone.open', { call: shortSid(call.callSid) })}</a>
            <a href="/console/agent" target="_blank" rel="noopener">
              {text('phone.desk')}
            </a>
          </p>
          <Transcript store={call} selected={selected} />
        </>
      )}
    </div>
  );
}

function Latency({ ms }: { ms: number | null }) {
  return (
    <span class="phone-latency" data-testid="phone-latency" data-ms={ms ?? undefined}>
      {ms === null ? text('phone.latency.none') : text('phone.latency', { time: shortTime(ms) })}
    </span>
  );
}

draw(<PhonePage />);

import { useRef, useState } from 'preact/hooks';
import '../style.css';
import { placeAskedFor } from '../live/api.js';
import { draw } from '../parts/draw.js';
import { Frame } from '../parts/frame.js';
import { plural, text } from '../text/text.js';

/** Asks for the token, and goes on to the page that was asked for. */
function LoginPage() {
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const logIn = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError('');
    const { retryAfter, status } = await send(field.current?.value ?? '');
    if (status === 200 || status === 204) {
      location.assign(placeAskedFor());
      return;
    }
    setBusy(false);
    if (status === 401 || status === 403) setError(text(`login.${status}`));
    else setError(status === 429 ? plural('login.429', retryAfter) : text('login.failed'));
    field.current?.select();
  };
  return (
    <Frame isLive={false}>
      <main id="content" class="login" data-testid="page-login">
        <form class="card" onSubmit={(event) => void logIn(event)}>
          <h1>{text('login.title')}</h1>
          <label class="field">
            <span>{text('login.token')}</span>
            <input
              ref={field}
              data-testid="login-token"
              name="token"
              type="password"
              autocomplete="current-password"
              aria-describedby="login-hint login-error"
              aria-invalid={error !== ''}
              autofocus
              required
            />
          </label>
          <p id="login-hint" class="hint">
            {text('login.hint')}
          </p>
          <button class="solid" data-testid="login-submit" type="submit" disabled={isBusy}>
            {text(isBusy ? 'action.busy' : 'login.submit')}
          </button>
          <p id="login-error" class="failure" data-testid="login-error" role="alert">
            {error}
          </p>
        </form>
      </main>
    </Frame>
  );
}

/** `status` 0: the gateway does not answer. */
async function send(token: string): Promise<{ status: number; retryAfter: number }> {
  try {
    const response = await fetch('/console/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    return { status: response.status, retryAfter: Number(response.headers.get('retry-after') ?? 60) };
  } catch {
    return { status: 0, retryAfter: 0 };
  }
}

document.title = text('login.title');
draw(<LoginPage />);

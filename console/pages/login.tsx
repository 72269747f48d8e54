import { render } from 'preact';
import { useState } from 'preact/hooks';
import '../style.css';
import { text } from '../text/text.js';

/** Asks for the token, and goes on to the calls with it. */
function LoginPage() {
  const [error, setError] = useState('');
  const [isBusy, setBusy] = useState(false);
  const logIn = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const token = new FormData(event.target as HTMLFormElement).get('token');
    setBusy(true);
    const headers = { 'content-type': 'application/json' };
    const status = await fetch('/console/login', { method: 'POST', headers, body: JSON.stringify({ token }) }).then(
      (response) => response.status,
      () => 0,
    );
    setBusy(false);
    if (status === 200 || status === 204) location.assign('/console');
    else setError(text(status === 401 ? 'wrongToken' : status === 429 ? 'tooManyTokens' : 'loginFailed'));
  };
  return (
    <main data-testid="page-login">
      <h1>{text('loginTitle')}</h1>
      <form onSubmit={(event) => void logIn(event)}>
        <label>
          {text('token')}
          <input data-testid="login-token" name="token" type="password" autocomplete="current-password" required />
        </label>
        <button data-testid="login-submit" type="submit" disabled={isBusy}>
          {text('logIn')}
        </button>
      </form>
      <p data-testid="login-error" role="alert">
        {error}
      </p>
    </main>
  );
}

document.title = text('loginTitle');
render(<LoginPage />, document.body);

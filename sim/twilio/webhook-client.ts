import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { signWebhook } from './signing.js';

/** Twilio gives a webhook 15 s in all, with one more try when the connection fails. */
const WEBHOOK_BUDGET_MS = 15_000;

export type WebhookAnswer =
  { ok: true; status: number; body: string; contentType: string } | { ok: false; what: string };

/** Where the public host really listens: Twilio speaks https and wss to it, the proxy in front of it need not. */
export type Resolve = (publicHost: string) => string;

/** A signed form POST, as Twilio makes it. Never rejects. */
export async function postWebhook(options: {
  url: string;
  fields: Readonly<Record<string, string>>;
  authToken: string | undefined;
  resolve: Resolve;
}): Promise<WebhookAnswer> {
  const first = await post(options);
  return first === 'no-connection' ? toAnswer(await post(options)) : toAnswer(first);
}

function toAnswer(result: WebhookAnswer | 'no-connection'): WebhookAnswer {
  return result === 'no-connection' ? { ok: false, what: 'connection failed' } : result;
}

function post({
  url,
  fields,
  authToken,
  resolve,
}: Parameters<typeof postWebhook>[0]): Promise<WebhookAnswer | 'no-connection'> {
  const target = new URL(url);
  const base = new URL(resolve(target.host));
  const body = new URLSearchParams(fields).toString();
  const send = base.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((settle) => {
    const request = send(
      {
        host: base.hostname,
        port: base.port,
        path: target.pathname + target.search,
        method: 'POST',
        headers: {
          Host: target.host,
          'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
          'Content-Length': Buffer.byteLength(body),
          'User-Agent': 'TwilioProxy/1.1',
          Connection: 'close',
          ...(authToken === undefined ? {} : { 'X-Twilio-Signature': signWebhook(authToken, url, fields) }),
        },
        timeout: WEBHOOK_BUDGET_MS,
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', () => settle({ ok: false, what: 'the answer broke off' }));
        response.on('end', () =>
          settle({
            ok: true,
            status: response.statusCode ?? 0,
            body: Buffer.concat(parts).toString('utf8'),
            contentType: response.headers['content-type'] ?? '',
          }),
        );
      },
    );
    request.on('timeout', () => {
      settle({ ok: false, what: 'no answer within 15 s' });
      request.destroy();
    });
    request.on('error', () => settle('no-connection'));
    request.end(body);
  });
}

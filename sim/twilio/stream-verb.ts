import { MediaStream, type StreamOutcome } from './media-stream.js';
import { type ProblemCode, problemLevel, problemName } from './problems.js';
import { streamSignature } from './signing.js';
import type { Element } from './twiml.js';
import type { VerbContext } from './verb-context.js';

/** Twilio: Stream – Parameter. Name and value together must be shorter than this. */
const MAX_PARAMETER_CHARACTERS = 500;

/** Runs `<Connect><Stream>`. Resolves when the stream is over, however it ended. */
export async function runStream(script: VerbContext, element: Element): Promise<void> {
  const { call, life } = script;
  const { carrier } = call;
  const { track, url: address = '' } = element.attributes;
  let stream: MediaStream | undefined;
  const report = streamReporter(script, element, () => stream?.streamSid);
  const onProblem = (code: ProblemCode, what: string): void => {
    call.emit('problem', code, what);
    // Twilio logs 31921 for every stream that a server closes. Whether it also sends a callback is not documented.
    if (problemLevel(code) === 'error' && code !== 31921)
      report('stream-error', { StreamError: `${code} - ${problemName(code)}: ${what}` });
  };
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined) return onProblem(31923, 'the stream URL is not a URL');
  if (url.protocol !== 'wss:') return onProblem(31922, 'the stream URL is not wss');
  if (track !== undefined && track !== 'inbound_track') return onProblem(31941, 'only inbound_track is possible here');
  const base = carrier.options.resolve(url.host);
  if (base === undefined) return onProblem(31901, 'the host does not exist');

  const { accountSid, authToken, ca, sharedKey, streamSignature: mode = 'exact' } = carrier.options;
  // Twilio strips the query before it connects, and signs the rest.
  const signedUrl = `wss://${url.host}${url.pathname}`;
  const outcome = await new Promise<StreamOutcome>((resolve) => {
    const opened = new MediaStream({
      address: `${new URL(base).origin.replace(/^http/, 'ws')}${url.pathname}`,
      host: url.host,
      signature: streamSignature({ authToken, sharedKey }, signedUrl, mode),
      ca,
      accountSid,
      callSid: call.callSid,
      parameters: parametersOf(script, element),
      ticker: carrier.ticker,
      clock: carrier.networkClock,
      behaviour: { ...carrier.options.stream, ...call.options.stream },
      onStart: () => {
        call.emit('stream-started', opened.streamSid);
        report('stream-started');
      },
      onHeard: (frame) => call.emit('heard', frame),
      onCleared: () => call.emit('cleared'),
      onProblem,
      onEnd: (ended) => {
        forget();
        call.mediaStream = undefined;
        resolve(ended);
      },
    });
    stream = opened;
    call.mediaStream = opened;
    const forget = life.onEnd(() => script.closing.push(opened.stop()));
  });
  call.emit('stream-ended', outcome);
  if (outcome !== 'refused') report('stream-stopped');
}

function parametersOf({ call }: VerbContext, element: Element): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const { attributes } of element.children) {
    const { name = '', value = '' } = attributes;
    if (name === '' || name.length + value.length >= MAX_PARAMETER_CHARACTERS)
      call.emit('problem', 12200, 'a <Parameter> has no name, or is not under 500 characters');
    else parameters[name] = value;
  }
  return parameters;
}

/** Twilio: Stream – status callback. */
function streamReporter(
  { call }: VerbContext,
  element: Element,
  streamSid: () => string | undefined,
): (event: string, more?: Record<string, string>) => void {
  const { name, statusCallback, statusCallbackMethod } = element.attributes;
  return (event, more = {}) => {
    if (statusCallback === undefined) return;
    const sid = streamSid() ?? '';
    call.callback(statusCallback, statusCallbackMethod, {
      AccountSid: call.carrier.options.accountSid,
      CallSid: call.callSid,
      StreamSid: sid,
      StreamName: name ?? sid,
      StreamEvent: event,
      Timestamp: new Date(call.carrier.clock.epochMs()).toISOString(),
      ...more,
    });
  };
}

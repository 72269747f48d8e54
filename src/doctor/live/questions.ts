/** A question that only a real account answers. A test compares the texts with docs/project/roadmap.md. */
export interface Question {
  area: 'Twilio' | 'Amazon Connect' | 'Amazon Nova' | 'OpenAI and HubSpot';
  /** As the roadmap asks it. */
  text: string;
  /** How to see it with a call, for a question that the doctor cannot ask. Otherwise `undefined`. */
  byCall: string | undefined;
}

/** In the order of the roadmap. */
export const QUESTIONS = {
  'twilio-fragment': {
    area: 'Twilio',
    text: 'whether the signature of a webhook covers the fragment of its URL',
    byCall: undefined,
  },
  'twilio-retries': {
    area: 'Twilio',
    text: 'how soon Twilio asks again under a retry policy, and whether a connection that breaks before the answer counts as one of its failures',
    byCall: undefined,
  },
  'twilio-refused-upgrade': {
    area: 'Twilio',
    text: 'what Twilio does when the upgrade of a stream is refused',
    byCall:
      "Set STREAM_HOST to a name that refuses upgrades, call the number, and see in the gateway's log which URL Twilio requests next.",
  },
  'twilio-fallback': {
    area: 'Twilio',
    text: "the number's fallback as Terraform makes it: applied once, and requested by Twilio",
    byCall: 'Stop every gateway and call the number: an agent must be dialled.',
  },
  'twilio-closing-codes': {
    area: 'Twilio',
    text: 'which closing codes Twilio uses when the caller hangs up',
    byCall:
      'Capture the stream (for instance with a proxy that logs WebSocket frames), call and hang up while the assistant talks.',
  },
  'twilio-outbound': {
    area: 'Twilio',
    text: "calls over REST: that Twilio's list shows a call as soon as it is created, that a dial within one may show the number of the person called, and how long after the tone the result of the machine detection comes",
    byCall:
      'Set OUTBOUND_API_TOKENS, have the gateway call a telephone of yours (docs/OUTBOUND_CALLS.md) with "machine":"message", let its voicemail answer, and compare the times of the requests with those of the recording.',
  },
  'twilio-recordings': {
    area: 'Twilio',
    text: "what Twilio answers to a second recording of a call, and to a pause of one that is over, and whether the list of a call's recordings shows one as soon as it runs",
    byCall:
      'Set CALL_RECORDING=announced, call the number, and while the assistant talks POST to Calls/{CallSid}/Recordings.json a second time and read it (docs/build/recording.md).',
  },
  'twilio-dial-error': {
    area: 'Twilio',
    text: '`ErrorCode` on a dial result, and what Twilio does when a whisper URL fails',
    byCall:
      'Set CONNECT_PHONE_NUMBER to a number that does not exist, ask for a human, and look at the requests of the call in the Twilio console.',
  },
  'twilio-gather': {
    area: 'Twilio',
    text: 'whether a `<Gather>` on a called leg requests its action without a key, and what Twilio does with a key pressed before it',
    byCall:
      'Set HANDOVER_BRIEFING=phone and CONNECT_PHONE_NUMBER to a telephone of yours, ask for a human, and look for /twilio/briefing-key among the requests: once after pressing nothing, once after pressing 1 as soon as you answer.',
  },
  'connect-import': {
    area: 'Amazon Connect',
    text: 'whether importing the flows needs changes in a particular instance, and whether their break-only prompt is accepted',
    byCall: 'Import the flows in connect/ (docs/operate/going-live.md, step 4) and note what the instance refuses.',
  },
  'connect-guide': {
    area: 'Amazon Connect',
    text: 'that a guide reads the attributes of the call it belongs to, as several public flows do, and what it shows for one that is not set',
    byCall:
      'Ask for a human, take the call as an agent, and compare the guide with docs/operate/agents.md. Do it again without HubSpot, so that there is no CRM link.',
  },
  'connect-buffering': {
    area: 'Amazon Connect',
    text: "how an instance behaves that does not know touchtone buffering. The flow takes the block's error branch",
    byCall: 'Ask for a human in an older instance: an agent must get the call, with its summary.',
  },
  'connect-whisper': {
    area: 'Amazon Connect',
    text: 'whether an agent whisper takes a comparison and the name of a voice from an attribute, and what the caller hears during it',
    byCall:
      'Set HANDOVER_BRIEFING=connect, ask for a human, and take the call as an agent: the whisper must say more than the reason, and the caller none of it.',
  },
  'connect-show-view': {
    area: 'Amazon Connect',
    text: 'how much time ShowView allows at most. The guide asks for five minutes at a time, and again',
    byCall: 'Import connect/agent-guide.json with longer times until the instance refuses one.',
  },
  'connect-digits': {
    area: 'Amazon Connect',
    text: "how reliably DTMF digits arrive over a given carrier's path into Connect",
    byCall:
      "Ask for a human twenty times and compare the Lambda's metric redemptions with token_status valid with the number of handovers.",
  },
  'connect-empty': {
    area: 'Amazon Connect',
    text: 'what Connect\'s empty answer about agents means. The gateway takes it as "unknown" and rings the number',
    byCall: undefined,
  },
  'connect-alias': {
    area: 'Amazon Connect',
    text: 'whether an instance takes the alias of a Lambda, and how it names numbers and flows in its list of associations',
    byCall:
      'Apply terraform/, then run "npm run doctor -- --deployment": neither flow-lambda nor flow-number may be a fault.',
  },
  'nova-head': {
    area: 'Amazon Nova',
    text: "whether the head of Nova's response comes at once, or only with the first output",
    byCall: undefined,
  },
  'nova-tools': {
    area: 'Amazon Nova',
    text: 'how many tools Nova takes, and how long their descriptions and schemas may be',
    byCall:
      'Name an MCP server with 32 tools in MCP_SERVERS, see with "npm run doctor" that all are offered, and call: the assistant must answer.',
  },
  'openai-hint': {
    area: 'OpenAI and HubSpot',
    text: 'whether OpenAI refuses the language hint of the transcription, as `language` or as `languages`',
    byCall: undefined,
  },
  'openai-beside': {
    area: 'OpenAI and HubSpot',
    text: 'whether OpenAI takes an out-of-band response while another is in progress, and echoes its metadata',
    byCall: undefined,
  },
  'live-hearing': {
    area: 'OpenAI and HubSpot',
    text: 'whether GPT-Live hears audio that arrives in a burst at once or in real time, sends its own in real time with the silence in between, and speaks what its backend returns to a text',
    byCall:
      'Set VOICE_PROVIDER=openai-live and LOG_LEVEL=debug, call, speak while the telephone still rings, interrupt an answer, and press keys and #.',
  },
  'hubspot-key': {
    area: 'OpenAI and HubSpot',
    text: "HubSpot's service keys as Bearer tokens, its newer rate-limit headers, and the bodies of 408, 423, 425 and 477",
    byCall: undefined,
  },
} as const satisfies Record<string, Question>;

export type QuestionId = keyof typeof QUESTIONS;

/** What a probe found out. It holds no secret, no number and no word that was said. */
export interface Answer {
  /** `unclear`: the probe ran, and something kept it from the answer. */
  status: 'answered' | 'unclear' | 'not-asked';
  /** One sentence. */
  text: string;
  /** What the answer rests on. */
  seen?: Readonly<Record<string, string | number | boolean>>;
}

export const answered = (text: string, seen: Answer['seen'] = {}): Answer => ({ status: 'answered', text, seen });
export const unclear = (text: string, seen: Answer['seen'] = {}): Answer => ({ status: 'unclear', text, seen });
export const notAsked = (text: string): Answer => ({ status: 'not-asked', text });

import { z } from 'zod';
import { SHARED_DEFAULTS, SHARED_FORMATS } from '../../handover/shared-settings.js';
import { e164, flag, headerText, httpUrl, nextSteps, queueArns, shared, whole } from '../formats.js';
import { secret, variable } from './variable.js';

export const HANDOVER = {
  CONNECT_PHONE_NUMBER: variable({
    about:
      'Number of the Amazon Connect instance, which is dialled for a transfer. Unset: +12065550100 in local mode; otherwise no human can be reached.',
    schema: e164,
  }),
  CONNECT_QUEUE_ARN: variable({
    about: 'Queue for callers whose reason has no queue in CONNECT_QUEUE_ARNS.',
    schema: z.string().startsWith('arn:', 'expected a queue ARN'),
  }),
  CONNECT_QUEUE_ARNS: variable({
    about: 'JSON object of queue ARNs by reason, like {"billing":"arn:aws:connect:…:queue/…"}.',
    schema: queueArns,
  }),
  CONNECT_CHECK_AVAILABILITY: variable({
    default: 'off',
    about:
      'What the gateway asks Amazon Connect before it dials: staffed (is an agent logged in?), available (is an agent free?), or off. Needs CONNECT_INSTANCE_ID, and CONNECT_QUEUE_ARN or CONNECT_QUEUE_ARNS.',
    schema: z.enum(['off', 'staffed', 'available']),
  }),
  CONNECT_INSTANCE_ID: variable({ about: 'Id of the Amazon Connect instance.', schema: headerText }),
  AWS_ENDPOINT_URL_CONNECT: variable({
    about: "Another endpoint for CONNECT_CHECK_AVAILABILITY. The name is the AWS SDK's own.",
    schema: httpUrl,
  }),
  HANDOVER_MODE: variable({
    default: 'twiml',
    about:
      'How Twilio is told to dial. twiml: in the answer to its request after the stream has ended. rest: by a change of the live call, which needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.',
    schema: z.enum(['twiml', 'rest']),
  }),
  AFTER_FAILED_DIAL: variable({
    default: 'assistant,exhausted=goodbye',
    about:
      'What follows when no human can be reached: assistant, voicemail, callback, again or goodbye. Set it for one outcome with busy=…, no_answer=…, failed=…, dropped=…, declined=…, unavailable=…, closed=… or exhausted=… (after the third attempt).',
    schema: nextSteps,
  }),
  HANDOVER_TTL_SECONDS: variable({
    default: '600',
    about: 'How long a handover token can be redeemed.',
    schema: whole(30, 86_400),
  }),
  HANDOVER_TOKEN_PEPPER: secret({
    about:
      'Key under which tokens are stored, at least 16 characters. The Lambda needs the same, in this variable or, from Secrets Manager, by HANDOVER_TOKEN_PEPPER_SECRET_ARN. Required outside local mode.',
    schema: shared(SHARED_FORMATS.HANDOVER_TOKEN_PEPPER),
  }),
  HANDOVER_CALLER_MATCH: variable({
    default: SHARED_DEFAULTS.HANDOVER_CALLER_MATCH,
    about:
      "true: if every digit of a token is lost, the Lambda finds the handover by the caller's number, without the conversation. Set the Lambda's variable alike. See docs/operate/handover-by-number.md.",
    schema: shared(SHARED_FORMATS.HANDOVER_CALLER_MATCH),
  }),
  HANDOVER_BRIEFING: variable({
    default: 'off',
    about:
      "Who is told before the two are joined who calls, why, and what is still open. connect: the agent, by the whisper of Connect's flow. phone: the person on the telephone behind CONNECT_PHONE_NUMBER, who hears no digits, and takes the call with 1 or declines it with 2. off: the whisper says the reason. See docs/operate/briefing.md.",
    schema: z.enum(['off', 'connect', 'phone']),
  }),
  HANDOVER_SUMMARY_LANGUAGE: variable({
    default: 'en',
    about:
      'Language of the summary that the model writes for the agent, and of the briefing. In what Connect shows and says, letters outside ASCII are lost.',
    schema: z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/, 'expected a language tag such as en or de-AT'),
  }),
  DYNAMODB_TABLE_NAME: variable({
    shown: SHARED_DEFAULTS.DYNAMODB_TABLE_NAME,
    about: `Table with the partition key "pk" (string) and the TTL attribute "expires_at". To name one switches local mode off, unless USE_LOCAL_DYNAMODB says otherwise. Unset: ${SHARED_DEFAULTS.DYNAMODB_TABLE_NAME}.`,
    schema: shared(SHARED_FORMATS.DYNAMODB_TABLE_NAME),
  }),
  AWS_REGION: variable({
    default: SHARED_DEFAULTS.AWS_REGION,
    about: 'AWS region of the table and of the Amazon Connect instance.',
    schema: shared(SHARED_FORMATS.AWS_REGION),
  }),
  USE_LOCAL_DYNAMODB: variable({
    about:
      'true: local mode, with a DynamoDB-compatible store in the memory of the gateway. false: a table in AWS. Unset: local mode if neither TWILIO_AUTH_TOKEN nor DYNAMODB_TABLE_NAME is set. AWS credentials make no difference.',
    schema: flag,
  }),
  DYNAMODB_ENDPOINT_URL: variable({
    about:
      'Another DynamoDB endpoint, for instance DynamoDB Local. In local mode it replaces the store inside the gateway, and the gateway creates the table there if it is missing. Outside local mode the table must exist.',
    schema: shared(SHARED_FORMATS.DYNAMODB_ENDPOINT_URL),
  }),
} as const;

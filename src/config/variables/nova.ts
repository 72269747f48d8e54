import { z } from 'zod';
import { SHARED_FORMATS } from '../../handover/shared-settings.js';
import { headerText, httpUrl, shared, whole } from '../formats.js';
import { variable } from './variable.js';

export const NOVA = {
  NOVA_REGION: variable({
    default: 'us-east-1',
    about: 'AWS region of the model and of the summary that it writes, independent of AWS_REGION.',
    schema: shared(SHARED_FORMATS.AWS_REGION),
  }),
  NOVA_MODEL_ID: variable({
    default: 'amazon.nova-2-sonic-v1:0',
    about: 'Speech-to-speech model.',
    schema: headerText,
  }),
  NOVA_VOICE: variable({ default: 'matthew', about: 'Voice of the model.', schema: headerText }),
  NOVA_ENDPOINTING: variable({
    about:
      "How soon a pause ends the caller's turn: HIGH is the shortest pause, then MEDIUM, then LOW. Unset: the service's own.",
    schema: z.enum(['LOW', 'MEDIUM', 'HIGH']),
  }),
  NOVA_SUMMARY_MODEL_ID: variable({
    about:
      "Bedrock text model or inference profile that writes the agent's summary. It is called in NOVA_REGION. Unset: Nova 2 Lite through the inference profile of that region's geography.",
    schema: headerText,
  }),
  AWS_ENDPOINT_URL_BEDROCK_RUNTIME: variable({
    about: "Another endpoint for the model, for instance the simulator. The name is the AWS SDK's own.",
    schema: httpUrl,
  }),
  NOVA_RENEW_AFTER_SECONDS: variable({
    default: '360',
    about: 'Age at which a session is renewed during a call. The service ends a session after 8 minutes.',
    schema: whole(1, 440),
  }),
} as const;

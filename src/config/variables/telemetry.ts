import { z } from 'zod';
import { flag, httpUrl, keyValues, list, share, text, whole } from '../formats.js';
import { secret, variable } from './variable.js';

export const TELEMETRY = {
  OTEL_EXPORTER_OTLP_ENDPOINT: variable({
    about:
      'Base URL of an OpenTelemetry collector for OTLP over HTTP, like http://localhost:4318. Each call is then a trace, which is sent to its path /v1/traces. Unset: no traces, and the SDK of OpenTelemetry is not loaded.',
    schema: httpUrl,
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: variable({
    about: 'URL for traces alone, as it is, in place of OTEL_EXPORTER_OTLP_ENDPOINT.',
    schema: httpUrl,
  }),
  OTEL_EXPORTER_OTLP_HEADERS: secret({
    about: 'Headers of each request to the collector, like api-key=…,tenant=a. Values are percent-encoded.',
    schema: keyValues,
  }),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: secret({
    about: 'The same for traces alone. They are added, and win over OTEL_EXPORTER_OTLP_HEADERS.',
    schema: keyValues,
  }),
  OTEL_EXPORTER_OTLP_TIMEOUT: variable({
    default: '10000',
    about: 'Maximum time for one request to the collector, in milliseconds, retries included.',
    schema: whole(1, 600_000),
  }),
  OTEL_EXPORTER_OTLP_COMPRESSION: variable({
    default: 'none',
    about: 'none or gzip.',
    schema: z.enum(['none', 'gzip']),
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: variable({
    default: 'http/protobuf',
    about: 'Only http/protobuf is spoken.',
    schema: text,
  }),
  OTEL_TRACES_EXPORTER: variable({
    default: 'otlp',
    about: 'otlp, or none for no traces.',
    schema: text,
  }),
  OTEL_SDK_DISABLED: variable({
    default: 'false',
    about: 'true: no traces, whatever else is set.',
    schema: flag,
  }),
  OTEL_SERVICE_NAME: variable({
    default: 'tandem',
    about: 'Name of the service in traces.',
    schema: text,
  }),
  OTEL_RESOURCE_ATTRIBUTES: variable({
    about: 'What else describes this process in traces, like deployment.environment.name=production.',
    schema: keyValues,
  }),
  OTEL_TRACES_SAMPLER: variable({
    default: 'parentbased_always_on',
    about:
      'Which traces are sent: always_on, always_off, traceidratio, or one of these after parentbased_, which makes no difference, because a call has no parent. Calls in which something has failed are always sent.',
    schema: text,
  }),
  OTEL_TRACES_SAMPLER_ARG: variable({
    default: '1',
    about: 'Share of the traces that are sent, from 0 to 1, for the samplers by ratio.',
    schema: share,
  }),
  OTEL_PROPAGATORS: variable({
    default: 'tracecontext,baggage',
    about:
      "Whose headers in Twilio's requests become a link from the webhook's span: tracecontext, xray or none. xray is for an AWS load balancer. baggage is accepted and not read.",
    schema: list,
  }),
  OTEL_BSP_MAX_QUEUE_SIZE: variable({
    default: '2048',
    about: 'Maximum number of spans that wait to be sent. Further ones are dropped and counted.',
    schema: whole(1, 1_000_000),
  }),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: variable({
    default: '512',
    about: 'Maximum number of spans in one request.',
    schema: whole(1, 100_000),
  }),
  OTEL_BSP_SCHEDULE_DELAY: variable({
    default: '5000',
    about: 'Maximum time a span waits for others, in milliseconds.',
    schema: whole(1, 600_000),
  }),
  METRICS_EMF_NAMESPACE: variable({
    about:
      "Namespace of metrics in CloudWatch's embedded metric format, like Tandem/production. The gateway then writes a line of them to standard output. Unset: none.",
    schema: z
      .string()
      .regex(/^(?!AWS\/)[\w./#:-]{1,255}$/, 'expected a namespace of CloudWatch, which does not begin with AWS/'),
  }),
  METRICS_EMF_SECONDS: variable({
    default: '60',
    about: 'How often that line is written.',
    schema: whole(1, 3600),
  }),
} as const;

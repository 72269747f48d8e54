import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { FrameHistogram } from './frame-histogram.js';
import type { MetricObject } from './metric-object.js';

/** Seconds; from a tenth of a millisecond (a frame inside the gateway) up. */
const FRAME_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1];
const TURN_BUCKETS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];
const CRM_BUCKETS = [0.25, 0.5, 1, 2, 3, 5, 10, 20, 60, 180];
const CALL_BUCKETS = [5, 15, 30, 60, 120, 300, 600, 1800, 3600];

/** The gateway's metrics, in a registry of their own so that two gateways in one process do not mix. */
export class Metrics {
  readonly registry = new Registry();
  private readonly registers = [this.registry];

  readonly activeSessions = new Gauge({
    name: 'gateway_active_sessions',
    help: 'Calls with an open media stream',
    registers: this.registers,
  });
  readonly sessions = new Counter({
    name: 'gateway_sessions_total',
    help: 'Calls that ended, by outcome',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly sessionSeconds = new Histogram({
    name: 'gateway_session_duration_seconds',
    help: 'Length of a call from the webhook to its end',
    buckets: CALL_BUCKETS,
    registers: this.registers,
  });
  readonly escalations = new Counter({
    name: 'gateway_escalations_total',
    help: 'Decisions that a human is needed',
    labelNames: ['trigger', 'reason'],
    registers: this.registers,
  });
  readonly handovers = new Counter({
    name: 'gateway_handovers_total',
    help: 'Handovers by how the dial ended',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly messages = new Counter({
    name: 'gateway_messages_total',
    help: 'What callers left for the team, by kind and whether it could be kept',
    labelNames: ['kind', 'outcome'],
    registers: this.registers,
  });
  readonly restUpdates = new Counter({
    name: 'twilio_rest_updates_total',
    help: 'Changes of live calls over REST, by result',
    labelNames: ['result'],
    registers: this.registers,
  });
  readonly availabilityChecks = new Counter({
    name: 'connect_availability_checks_total',
    help: 'Questions to Amazon Connect whether somebody is there, by result',
    labelNames: ['result'],
    registers: this.registers,
  });
  readonly resumes = new Counter({
    name: 'gateway_resumes_total',
    help: 'Calls that went on in a new stream',
    labelNames: ['cause'],
    registers: this.registers,
  });
  readonly refusedRequests = new Counter({
    name: 'gateway_refused_requests_total',
    help: 'Requests and streams turned away, by reason',
    labelNames: ['reason'],
    registers: this.registers,
  });
  readonly streamAnomalies = new Counter({
    name: 'gateway_stream_anomalies_total',
    help: 'Stream messages passed over, by kind',
    labelNames: ['kind'],
    registers: this.registers,
  });
  readonly refusedCalls = new Counter({
    name: 'gateway_refused_calls_total',
    help: 'Callers who went to a human or heard a polite line because there was no room, by reason',
    labelNames: ['reason'],
    registers: this.registers,
  });
  readonly streamFaults = new Counter({
    name: 'gateway_line_faults_total',
    help: 'Streams given up although their socket was open, by what was wrong',
    labelNames: ['fault'],
    registers: this.registers,
  });
  readonly processorErrors = new Counter({
    name: 'gateway_processor_errors_total',
    help: 'Frames lost because a processor threw',
    labelNames: ['processor'],
    registers: this.registers,
  });
  readonly connectionFailures = new Counter({
    name: 'voice_provider_connection_failures_total',
    help: 'Voice sessions that failed',
    labelNames: ['provider'],
    registers: this.registers,
  });
  readonly renewals = new Counter({
    name: 'voice_provider_renewals_total',
    help: 'Sessions renewed under a live call',
    labelNames: ['provider'],
    registers: this.registers,
  });
  readonly failovers = new Counter({
    name: 'voice_provider_failovers_total',
    help: 'Live calls that another provider took over',
    labelNames: ['from', 'to'],
    registers: this.registers,
  });
  readonly providerAnomalies = new Counter({
    name: 'voice_provider_anomalies_total',
    help: 'Events of a provider that were passed over, by kind',
    labelNames: ['provider', 'kind'],
    registers: this.registers,
  });
  readonly tokens = new Counter({
    name: 'voice_provider_tokens_total',
    help: 'Tokens used, as the model counts them',
    labelNames: ['direction'],
    registers: this.registers,
  });
  readonly turnLatency = new Histogram({
    name: 'voice_turn_latency_seconds',
    help: 'End of caller speech to first audio sent',
    labelNames: ['provider'],
    buckets: TURN_BUCKETS,
    registers: this.registers,
  });
  readonly greetingLatency = new Histogram({
    name: 'voice_greeting_latency_seconds',
    help: 'Start of the stream to first audio sent',
    buckets: TURN_BUCKETS,
    registers: this.registers,
  });
  readonly bargeIns = new Counter({
    name: 'voice_barge_ins_total',
    help: 'Times a caller talked over the assistant and playout was cleared',
    registers: this.registers,
  });
  readonly storeThrottles = new Counter({
    name: 'dynamodb_throttles_total',
    help: 'Requests DynamoDB throttled',
    registers: this.registers,
  });

  readonly hubspotCases = new Counter({
    name: 'hubspot_handovers_total',
    help: 'Handovers written to HubSpot, by how much of it came about',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly hubspotSeconds = new Histogram({
    name: 'hubspot_handover_duration_seconds',
    help: 'From the start of writing a handover to HubSpot to its end, repeats included',
    buckets: CRM_BUCKETS,
    registers: this.registers,
  });
  readonly journalWrites = new Counter({
    name: 'journal_writes_total',
    help: 'Snapshots of calls by whether they were written to the journal',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly journalClaims = new Counter({
    name: 'journal_claims_total',
    help: 'Calls this instance asked the journal for, by what it found',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly journalUp = new Gauge({
    name: 'journal_up',
    help: '1 while the journal is written, 0 while calls go on from memory alone',
    aggregator: 'min',
    registers: this.registers,
  });

  private readonly frameLatency = new FrameHistogram({
    name: 'gateway_frame_latency_seconds',
    help: 'Time a frame spends inside the gateway',
    bounds: FRAME_BUCKETS,
  });
  readonly inboundFrameLatency = this.frameLatency.series('direction', 'inbound');
  readonly outboundFrameLatency = this.frameLatency.series('direction', 'outbound');

  constructor(options: { process?: boolean } = {}) {
    if (options.process !== false) collectDefaultMetrics({ register: this.registry });
  }

  /** The same as {@link text}, to be added up with that of other processes. */
  async objects(): Promise<MetricObject[]> {
    return [...(await this.registry.getMetricsAsJSON()), this.frameLatency.object()];
  }

  /** Prometheus text. */
  async text(): Promise<string> {
    return `${await this.registry.metrics()}\n${this.frameLatency.text()}`;
  }
}

import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { Counter, Histogram } from './fenced-metric.js';
import { FrameHistogram } from './frame-histogram.js';
import {
  ESCALATIONS,
  LABEL_VALUES,
  MCP_OUTCOMES,
  PROVIDER_ANOMALIES,
  PROVIDER_FAULTS,
  combinations,
} from './label-values.js';
import type { MetricObject } from './metric-object.js';

/** Bounds in seconds. The first is a tenth of a millisecond, because a frame is in the gateway for about that long. */
const FRAME_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1];
const TURN_BUCKETS = [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];
const CRM_BUCKETS = [0.25, 0.5, 1, 2, 3, 5, 10, 20, 60, 180];
const CONTEXT_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3];
const CALL_BUCKETS = [5, 15, 30, 60, 120, 300, 600, 1800, 3600];

/**
 * The gateway's metrics. They have their own registry, so that the metrics of two gateways in one process do not mix.
 */
export class Metrics {
  readonly registry = new Registry();
  private readonly registers = [this.registry];

  readonly activeSessions = new Gauge({
    name: 'gateway_active_sessions',
    help: 'Number of calls with an open media stream.',
    registers: this.registers,
  });
  readonly callsInState = new Gauge({
    name: 'gateway_calls_in_state',
    help: 'Number of calls that are not over, by state.',
    labelNames: ['state'],
    registers: this.registers,
  });
  readonly capacity = new Gauge({
    name: 'gateway_capacity',
    help: 'What the gateway may use at most, by limit. 0 calls: no limit.',
    labelNames: ['limit'],
    registers: this.registers,
  });
  readonly draining = new Gauge({
    name: 'gateway_draining',
    help: '1 while the gateway takes no new calls because it stops, else 0.',
    aggregator: 'max',
    registers: this.registers,
  });
  readonly buildInfo = new Gauge({
    name: 'gateway_build_info',
    help: 'Always 1. The labels are the versions of the gateway and of Node.',
    labelNames: ['version', 'node'],
    aggregator: 'max',
    registers: this.registers,
  });
  readonly spansDropped = new Counter({
    name: 'gateway_spans_dropped_total',
    help: 'Total number of spans that were not sent, because a call had too many or the collector did not take them.',
    registers: this.registers,
  });
  readonly sessions = new Counter({
    name: 'gateway_sessions_total',
    help: 'Total number of calls that ended, by outcome.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly unansweredCalls = new Counter({
    name: 'gateway_unanswered_calls_total',
    help: "Total number of times the assistant spoke on and on without a word from the caller's side.",
    registers: this.registers,
  });
  readonly sessionSeconds = new Histogram({
    name: 'gateway_session_duration_seconds',
    help: 'Length of a call, from its first webhook to its end.',
    buckets: CALL_BUCKETS,
    registers: this.registers,
  });
  readonly escalations = new Counter({
    name: 'gateway_escalations_total',
    help: 'Total number of decisions that a human is needed, by trigger and reason.',
    labelNames: ['trigger', 'reason'],
    registers: this.registers,
  });
  readonly handovers = new Counter({
    name: 'gateway_handovers_total',
    help: 'Total number of handovers, by how the dial to the human ended.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly briefings = new Counter({
    name: 'gateway_briefings_total',
    help: 'Total number of people who were told who calls before they were joined with the caller, and of what they did then.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly messages = new Counter({
    name: 'gateway_messages_total',
    help: 'Total number of messages that callers left for the team, by kind and by whether they were stored.',
    labelNames: ['kind', 'outcome'],
    registers: this.registers,
  });
  readonly restUpdates = new Counter({
    name: 'twilio_rest_updates_total',
    help: 'Total number of changes to live calls over the REST API of Twilio, by result.',
    labelNames: ['result'],
    registers: this.registers,
  });
  readonly availabilityChecks = new Counter({
    name: 'connect_availability_checks_total',
    help: 'Total number of times Amazon Connect was asked whether an agent is available, by result.',
    labelNames: ['result'],
    registers: this.registers,
  });
  readonly resumes = new Counter({
    name: 'gateway_resumes_total',
    help: 'Total number of times a new stream was opened for a call in progress, by cause.',
    labelNames: ['cause'],
    registers: this.registers,
  });
  readonly refusedRequests = new Counter({
    name: 'gateway_refused_requests_total',
    help: 'Total number of requests and streams that were refused, by reason.',
    labelNames: ['reason'],
    registers: this.registers,
  });
  readonly streamAnomalies = new Counter({
    name: 'gateway_stream_anomalies_total',
    help: 'Total number of messages of Twilio streams that were ignored, by kind of anomaly.',
    labelNames: ['kind'],
    registers: this.registers,
  });
  readonly refusedCalls = new Counter({
    name: 'gateway_refused_calls_total',
    help: 'Total number of new calls that were not accepted, by reason. Their callers go to a human or hear a polite line.',
    labelNames: ['reason'],
    registers: this.registers,
  });
  readonly outboundCalls = new Counter({
    name: 'gateway_outbound_calls_total',
    help: 'Total number of requests for calls that the gateway makes, by what became of each.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly streamFaults = new Counter({
    name: 'gateway_line_faults_total',
    help: 'Total number of streams that were dropped although their socket was open, by fault.',
    labelNames: ['fault'],
    registers: this.registers,
  });
  readonly processorErrors = new Counter({
    name: 'gateway_processor_errors_total',
    help: 'Total number of frames and messages that were lost to an error in the gateway, by processor.',
    labelNames: ['processor'],
    registers: this.registers,
  });
  readonly toolFaults = new Counter({
    name: 'gateway_tool_faults_total',
    help: 'Total number of tool calls that failed, by what failed. The model was told so.',
    labelNames: ['fault'],
    registers: this.registers,
  });
  readonly connectionFailures = new Counter({
    name: 'voice_provider_connection_failures_total',
    help: 'Total number of voice sessions that were lost, by provider.',
    labelNames: ['provider'],
    registers: this.registers,
  });
  readonly assistantChanges = new Counter({
    name: 'gateway_assistant_changes_total',
    help: 'Total number of times another assistant or another language was asked for during a call, by kind and outcome.',
    labelNames: ['kind', 'outcome'],
    registers: this.registers,
  });
  readonly renewals = new Counter({
    name: 'voice_provider_renewals_total',
    help: 'Total number of voice sessions that were renewed during a live call, by provider.',
    labelNames: ['provider'],
    registers: this.registers,
  });
  readonly failovers = new Counter({
    name: 'voice_provider_failovers_total',
    help: 'Total number of times another provider took over a live call, by the provider before and after.',
    labelNames: ['from', 'to'],
    registers: this.registers,
  });
  readonly providerAnomalies = new Counter({
    name: 'voice_provider_anomalies_total',
    help: 'Total number of provider events that were ignored, by provider and kind of anomaly.',
    labelNames: ['provider', 'kind'],
    registers: this.registers,
  });
  readonly tokens = new Counter({
    name: 'voice_provider_tokens_total',
    help: 'Total number of tokens used, as the models count them, by direction.',
    labelNames: ['direction'],
    registers: this.registers,
  });
  readonly turnLatency = new Histogram({
    name: 'voice_turn_latency_seconds',
    help: 'Time from the end of caller speech until the first audio of the answer is sent, by provider.',
    labelNames: ['provider'],
    buckets: TURN_BUCKETS,
    registers: this.registers,
  });
  readonly greetingLatency = new Histogram({
    name: 'voice_greeting_latency_seconds',
    help: 'Time from the start of a stream until the first audio is sent.',
    buckets: TURN_BUCKETS,
    registers: this.registers,
  });
  readonly bargeIns = new Counter({
    name: 'voice_barge_ins_total',
    help: 'Total number of times a caller interrupted the assistant and playout was cleared.',
    registers: this.registers,
  });
  readonly storeThrottles = new Counter({
    name: 'dynamodb_throttles_total',
    help: 'Total number of requests that DynamoDB throttled.',
    registers: this.registers,
  });

  readonly consoleWatchers = new Gauge({
    name: 'console_watchers',
    help: 'Number of open event streams of the operator console.',
    registers: this.registers,
  });

  readonly callContext = new Counter({
    name: 'gateway_call_context_total',
    help: 'Total number of times the hook was asked what is known of a call, by what became of it.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly callContextSeconds = new Histogram({
    name: 'gateway_call_context_seconds',
    help: 'Time that a call waited for what is known of it, before it was answered.',
    buckets: CONTEXT_BUCKETS,
    registers: this.registers,
  });
  readonly callEvents = new Counter({
    name: 'gateway_call_events_total',
    help: 'Total number of events of calls for the receiver, by what became of them.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly callEventFailures = new Counter({
    name: 'gateway_call_event_failures_total',
    help: 'Total number of tries to deliver an event of a call that were not taken.',
    registers: this.registers,
  });
  readonly mcpCalls = new Counter({
    name: 'gateway_mcp_calls_total',
    help: 'Total number of calls of tools of MCP servers, by server and by what became of them.',
    labelNames: ['server', 'outcome'],
    registers: this.registers,
  });
  readonly mcpServerUp = new Gauge({
    name: 'gateway_mcp_server_up',
    help: '1 while the MCP server can be used, else 0.',
    labelNames: ['server'],
    aggregator: 'min',
    registers: this.registers,
  });
  readonly hubspotHandovers = new Counter({
    name: 'hubspot_handovers_total',
    help: 'Total number of handovers for HubSpot, by how much of each was written.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly hubspotSeconds = new Histogram({
    name: 'hubspot_handover_duration_seconds',
    help: 'Time to write a handover to HubSpot, including retries.',
    buckets: CRM_BUCKETS,
    registers: this.registers,
  });
  readonly journalWrites = new Counter({
    name: 'journal_writes_total',
    help: 'Total number of call snapshots for the journal, by whether they were written.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly journalClaims = new Counter({
    name: 'journal_claims_total',
    help: 'Total number of times this instance asked the journal for a call, by what it found.',
    labelNames: ['outcome'],
    registers: this.registers,
  });
  readonly journalUp = new Gauge({
    name: 'journal_up',
    help: '1 while the journal can be written. 0 while calls run from memory alone.',
    aggregator: 'min',
    registers: this.registers,
  });

  private readonly frameLatency = new FrameHistogram({
    name: 'gateway_frame_latency_seconds',
    help: 'Time a frame spends inside the gateway, by direction.',
    bounds: FRAME_BUCKETS,
  });
  readonly inboundFrameLatency = this.frameLatency.series('direction', 'inbound');
  readonly outboundFrameLatency = this.frameLatency.series('direction', 'outbound');

  /** Called before each reading, for what is not counted as it happens. */
  private look: (() => void) | undefined;

  constructor(options: { process?: boolean } = {}) {
    if (options.process !== false) collectDefaultMetrics({ register: this.registry });
    for (const [name, values] of Object.entries(LABEL_VALUES)) {
      const metric: Counter | Gauge = this[name as keyof typeof LABEL_VALUES];
      for (const labels of combinations(values)) metric.inc(labels, 0);
    }
    for (const labels of ESCALATIONS) this.escalations.inc(labels, 0);
  }

  /** Asks for the states of the calls that are not over each time the metrics are read. */
  watchCalls(states: () => Iterable<string>): void {
    this.look = () => {
      for (const state of LABEL_VALUES.callsInState.state) this.callsInState.set({ state }, 0);
      for (const state of states()) this.callsInState.inc({ state });
    };
  }

  /** Starts the series by provider at 0. `names`: every provider that may answer a call. */
  startProviders(names: readonly string[]): void {
    for (const provider of names) {
      this.turnLatency.zero({ provider });
      this.connectionFailures.inc({ provider }, 0);
      this.renewals.inc({ provider }, 0);
      for (const to of names) if (to !== provider) this.failovers.inc({ from: provider, to }, 0);
      for (const kind of PROVIDER_FAULTS) this.providerAnomalies.inc({ provider, kind }, 0);
      for (const [own, kinds] of Object.entries(PROVIDER_ANOMALIES))
        if (own === provider) for (const kind of kinds) this.providerAnomalies.inc({ provider, kind }, 0);
    }
  }

  /** Starts the series by MCP server at 0. */
  startMcpServers(names: readonly string[]): void {
    for (const server of names) {
      this.mcpServerUp.set({ server }, 0);
      for (const outcome of MCP_OUTCOMES) this.mcpCalls.inc({ server, outcome }, 0);
    }
  }

  /** Returns the same as {@link text}, in a form that can be added to the metrics of other processes. */
  async objects(): Promise<MetricObject[]> {
    this.look?.();
    return [...(await this.registry.getMetricsAsJSON()), this.frameLatency.object()];
  }

  /** Returns all metrics as Prometheus text. */
  async text(): Promise<string> {
    this.look?.();
    return `${await this.registry.metrics()}\n${this.frameLatency.text()}`;
  }
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Refusal as CallRefusal } from '../call/admission.js';
import type { SwitchOutcome } from '../call/stream/assistant-switch.js';
import type { CallOutcome, CallState, ResumeCause } from '../call/call-state.js';
import type { StreamFault } from '../call/media/stream-health.js';
import type { RecordingEnd } from '../call/recording/call-recording.js';
import type { SecretOutcome } from '../call/secrets/secret-collector.js';
import type { CrmOutcome } from '../crm/hubspot.js';
import type { Reason, Trigger } from '../escalation/escalation.js';
import type { Reach } from '../handover/agent-availability.js';
import type { CallbackKind } from '../handover/callbacks.js';
import type { ClaimOutcome, WriteOutcome } from '../journal/journal.js';
import type { OutboundOutcome } from '../outbound/outcome.js';
import {
  ESCALATIONS,
  LABEL_VALUES,
  MCP_OUTCOMES,
  PROVIDER_ANOMALIES,
  PROVIDER_FAULTS,
} from '../telemetry/label-values.js';
import type { McpOutcome } from '../mcp/tools.js';
import { Metrics } from '../telemetry/metrics.js';
import type { Anomaly } from '../twilio/messages.js';
import type { UpdateResult } from '../twilio/rest.js';
import type { Refusal } from '../twilio/webhooks.js';
import type { ProviderFault } from '../voice/fenced-session.js';
import type { LocalAnomaly } from '../voice/local/anomaly.js';
import type { NovaAnomaly } from '../voice/nova/anomaly.js';
import type { LiveAnomaly } from '../voice/openai-live/anomalies.js';
import type { OpenAiAnomaly } from '../voice/openai/anomalies.js';
import type { ToolFault } from '../voice/tools.js';

/** Is `true` only if both unions have the same members, so that the compiler finds a value that a list lacks. */
type Same<Listed, Counted> = [Listed] extends [Counted] ? ([Counted] extends [Listed] ? true : false) : false;
type Values = typeof LABEL_VALUES;

const SAME: readonly true[] = [
  true satisfies Same<Values['callsInState']['state'][number], Exclude<CallState['name'], 'ended'>>,
  true satisfies Same<Values['sessions']['outcome'][number], CallOutcome>,
  true satisfies Same<Values['resumes']['cause'][number], ResumeCause>,
  true satisfies Same<Values['outboundCalls']['outcome'][number], OutboundOutcome>,
  true satisfies Same<Values['refusedCalls']['reason'][number], CallRefusal>,
  true satisfies Same<
    Exclude<Values['refusedRequests']['reason'][number], `stream-${string}` | `console-${string}` | 'unknown-path'>,
    Refusal['reason']
  >,
  true satisfies Same<Values['streamAnomalies']['kind'][number], Anomaly>,
  true satisfies Same<Values['streamFaults']['fault'][number], StreamFault>,
  true satisfies Same<Values['restUpdates']['result'][number], UpdateResult>,
  true satisfies Same<Values['availabilityChecks']['result'][number], Reach | 'late' | 'unknown'>,
  true satisfies Same<Values['hubspotHandovers']['outcome'][number], CrmOutcome>,
  true satisfies Same<Values['journalWrites']['outcome'][number], WriteOutcome>,
  true satisfies Same<Values['journalClaims']['outcome'][number], ClaimOutcome>,
  true satisfies Same<Values['messages']['kind'][number], CallbackKind>,
  true satisfies Same<Values['toolFaults']['fault'][number], ToolFault>,
  true satisfies Same<(typeof MCP_OUTCOMES)[number], McpOutcome>,
  true satisfies Same<Values['assistantChanges']['outcome'][number], SwitchOutcome>,
  true satisfies Same<Values['recordings']['outcome'][number], RecordingEnd | 'started'>,
  true satisfies Same<Values['secrets']['outcome'][number], SecretOutcome>,
  true satisfies Same<(typeof ESCALATIONS)[number]['trigger'], Trigger>,
  true satisfies Same<(typeof ESCALATIONS)[number]['reason'], Reason>,
  true satisfies Same<(typeof PROVIDER_FAULTS)[number], ProviderFault>,
  true satisfies Same<(typeof PROVIDER_ANOMALIES)['openai'][number], OpenAiAnomaly>,
  true satisfies Same<(typeof PROVIDER_ANOMALIES)['openai-live'][number], LiveAnomaly>,
  true satisfies Same<(typeof PROVIDER_ANOMALIES)['nova'][number], NovaAnomaly>,
  true satisfies Same<(typeof PROVIDER_ANOMALIES)['local'][number], LocalAnomaly>,
];

test('the lists of label values are those of the types that the code counts with, and the documents name them', () => {
  assert.ok(SAME.every(Boolean));
  const pages = ['docs/operate/metrics.md', 'docs/build/escalation.md']
    .map((page) => readFileSync(page, 'utf8'))
    .join();
  const values = [
    ...Object.values(LABEL_VALUES).flatMap((labels) => Object.values(labels)),
    ...Object.values(PROVIDER_ANOMALIES),
    PROVIDER_FAULTS,
    MCP_OUTCOMES,
  ];
  for (const value of [...values.flat(), ...ESCALATIONS.flatMap(({ reason, trigger }) => [reason, trigger])])
    assert.ok(pages.includes(`\`${value}\``), value);
});

test('every metric of closed label sets is there with 0 before anything happens', async () => {
  const metrics = new Metrics({ process: false });
  metrics.startProviders(['openai', 'nova', 'mine']);
  metrics.startMcpServers(['crm']);
  const text = await metrics.text();
  for (const series of [
    'gateway_sessions_total{outcome="no_human"}',
    'gateway_messages_total{kind="voicemail",outcome="lost"}',
    'gateway_refused_requests_total{reason="stream-signature"}',
    'gateway_processor_errors_total{processor="playout"}',
    'gateway_escalations_total{trigger="tool",reason="billing"}',
    'voice_provider_connection_failures_total{provider="mine"}',
    'voice_provider_failovers_total{from="openai",to="nova"}',
    'voice_provider_anomalies_total{provider="nova",kind="audio-dropped"}',
    'voice_provider_anomalies_total{provider="mine",kind="method-failed"}',
    'gateway_tool_faults_total{fault="timeout"}',
    'gateway_processor_errors_total{processor="bridge"}',
    'voice_barge_ins_total',
    'gateway_refused_requests_total{reason="console-token"}',
    'gateway_spans_dropped_total',
    'gateway_mcp_calls_total{server="crm",outcome="timeout"}',
    'gateway_mcp_server_up{server="crm"}',
    'gateway_calls_in_state{state="parted"}',
    'gateway_capacity{limit="concurrent_calls"}',
    'gateway_draining',
    'voice_turn_latency_seconds_count{provider="mine"}',
  ])
    assert.ok(text.includes(`\n${series} 0\n`), series);
  assert.ok(!text.includes('from="mine",to="mine"'));
  const counters = [...text.matchAll(/^# TYPE (\w+) counter$/gm)].map(([, name]) => name ?? '');
  for (const name of counters) assert.match(text, new RegExp(`^${name}(\\{.*\\})? 0$`, 'm'));
});

import type { Clock, Timer } from '../base/clock.js';

// On ECS, scale-in and deployments may end a task while it has calls, unless the task is protected. ECS's agent takes the wish at an
// address inside the task (ECS: task scale-in protection endpoint). No call waits for the agent.

/** How often the number of calls is looked at. */
const LOOK_MS = 1000;
/** Maximum time for the agent's answer. */
const ANSWER_MS = 2000;
/** A wish that the agent did not take is told again after this time. The agent is limited in requests. */
const RETRY_MS = 10_000;
/** Protection ends by itself after {@link EXPIRES_MINUTES}, so it is renewed while there are calls. */
const RENEW_MS = 30 * 60_000;
const EXPIRES_MINUTES = 60;
/**
 * How long a task is protected without a pause, and how long the pause is. Without one, a deployment would wait for ever for a
 * task that always has calls, because the balancer still sends it new ones. A task that ECS takes in the pause moves its calls.
 */
const MAX_PROTECTED_MS = 60 * 60_000;
const PAUSE_MS = 2 * 60_000;

export interface TaskProtectionOptions {
  /** Base URL of the agent: ECS_AGENT_URI, which ECS sets in each task. */
  agentUrl: string;
  clock: Clock;
  activeCalls: () => number;
  /** Told once for each series of failures. */
  onFailure: (reason: string) => void;
}

/** Protects the task while the gateway has calls, and ends the protection when the last call has ended. */
export class TaskProtection {
  private readonly options: TaskProtectionOptions;
  private timer: Timer | undefined;
  /** What the agent took last. `undefined` before the first answer. */
  private told: boolean | undefined;
  private nextTellMs = 0;
  private protectedSinceMs = 0;
  private pauseUntilMs = 0;
  private isTelling = false;
  private hasFailed = false;

  constructor(options: TaskProtectionOptions) {
    this.options = options;
  }

  start(): void {
    this.look();
  }

  close(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private look(): void {
    const { activeCalls, clock } = this.options;
    this.timer = clock.setTimer(LOOK_MS, () => this.look());
    if (this.told === true && clock.now() - this.protectedSinceMs >= MAX_PROTECTED_MS) {
      this.pauseUntilMs = clock.now() + PAUSE_MS;
    }
    const isWanted = activeCalls() > 0 && clock.now() >= this.pauseUntilMs;
    // A new task is not protected, so there is nothing to tell before the first call.
    const isChange = isWanted !== (this.told ?? false);
    const isDue = clock.now() >= this.nextTellMs;
    if (this.isTelling || !(isChange ? isDue || !this.hasFailed : isWanted && isDue)) return;
    void this.tell(isWanted);
  }

  private async tell(isWanted: boolean): Promise<void> {
    const { agentUrl, clock, onFailure } = this.options;
    this.isTelling = true;
    const failure = await ask(agentUrl, isWanted);
    this.isTelling = false;
    if (failure === undefined) {
      if (isWanted && this.told !== true) this.protectedSinceMs = clock.now();
      this.told = isWanted;
      this.hasFailed = false;
      this.nextTellMs = clock.now() + RENEW_MS;
      return;
    }
    if (!this.hasFailed) onFailure(failure);
    this.hasFailed = true;
    this.nextTellMs = clock.now() + RETRY_MS;
  }
}

/** Returns why the agent did not take the wish. */
async function ask(agentUrl: string, isWanted: boolean): Promise<string | undefined> {
  try {
    const response = await fetch(`${agentUrl}/task-protection/v1/state`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        isWanted ? { ProtectionEnabled: true, ExpiresInMinutes: EXPIRES_MINUTES } : { ProtectionEnabled: false },
      ),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await response.arrayBuffer();
    return response.ok ? undefined : `status ${response.status}`;
  } catch (error) {
    return error instanceof Error ? error.name : 'unknown';
  }
}

import { quantile } from './support/quantile.js';

/** How late the event loop ran a timer, in milliseconds. */
export interface LoopDelays {
  p50: number;
  p99: number;
  worst: number;
  /** The worst delay in CPU time of the process, see {@link LoopDelay}. */
  worstCpu: number;
}

const INTERVAL_MS = 1;

/**
 * Watches the event loop with a timer. On a machine with other work, most of a long delay is the wait for a core. So the watch
 * also counts the CPU time of the process within each delay, all threads together. On a core of its own the process would have
 * been late by no more than that, because it waits for nothing else.
 */
export class LoopDelay {
  private readonly delaysMs: number[] = [];
  private worstCpuMs = 0;
  private lastMs = performance.now();
  private lastCpuMs = cpuMs();

  constructor() {
    this.setTimer();
  }

  reset(): void {
    this.delaysMs.length = 0;
    this.worstCpuMs = 0;
  }

  get delays(): LoopDelays {
    const worst = this.delaysMs.reduce((most, delayMs) => Math.max(most, delayMs), 0);
    return { p50: quantile(this.delaysMs, 0.5), p99: quantile(this.delaysMs, 0.99), worst, worstCpu: this.worstCpuMs };
  }

  private setTimer(): void {
    setTimeout(() => this.onTimer(), INTERVAL_MS).unref();
  }

  private onTimer(): void {
    const nowMs = performance.now();
    const nowCpuMs = cpuMs();
    const delayMs = Math.max(0, nowMs - this.lastMs - INTERVAL_MS);
    this.delaysMs.push(delayMs);
    this.worstCpuMs = Math.max(this.worstCpuMs, Math.min(delayMs, nowCpuMs - this.lastCpuMs));
    this.lastMs = nowMs;
    this.lastCpuMs = nowCpuMs;
    this.setTimer();
  }
}

function cpuMs(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
}

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseMcpFault } from '../../sim/mcp/faults.js';

const MAIN = fileURLToPath(new URL('../../sim/mcp/main.js', import.meta.url));

/** For tests of MCP servers over stdio: how the simulated one is started, and what it has noted of itself. */
export class McpProgram {
  readonly command = process.execPath;
  readonly args: readonly string[];
  private readonly folder = mkdtempSync(join(tmpdir(), 'mcp-program-'));
  private readonly file = join(this.folder, 'events');

  /** `options`: those of the command line, such as `--deaf`. */
  constructor(...options: readonly string[]) {
    for (const [at, option] of options.entries())
      if (option === '--fault' && parseMcpFault(options[at + 1] ?? '') === undefined)
        throw new Error(`No fault: ${options[at + 1]}`);
    this.args = [MAIN, '--stdio', '--events', this.file, ...options];
  }

  /** What has happened to all processes of it, oldest first. */
  get events(): string[] {
    return existsSync(this.file) ? readFileSync(this.file, 'utf8').trim().split('\n') : [];
  }

  /** The ids of all processes of it, oldest first. */
  get pids(): number[] {
    return this.events.flatMap((event) => /^started (\d+)/.exec(event)?.[1] ?? []).map(Number);
  }

  /** Whether a process of it lives. */
  get lives(): boolean {
    return this.pids.some(isAlive);
  }

  /** Kills what is left of it, and forgets what it noted. */
  dispose(): void {
    for (const pid of this.pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended and was not waited for is none.
    return !/^State:\s+[ZX]/m.test(
      existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '',
    );
  } catch {
    return false;
  }
}

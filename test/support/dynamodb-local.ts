import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { within } from './deadline.js';
import { freePort } from './free-port.js';

// For tests with Amazon's own DynamoDB Local: a process of their own.

const FOLDER = process.env['DYNAMODB_LOCAL'];
/** Java needs some seconds of a core to start. */
const START_LIMIT_MS = 60_000;
/**
 * Maximum life of the process. A Java that hangs is killed then, so that what waits for it fails and the test ends. So is one
 * whose test was killed itself.
 */
const LIFE_SECONDS = 150;
const POLL_MS = 100;
const TRIES = 3;

/** The `skip` option of tests with DynamoDB Local: the reason, or false if the environment says where it is. */
export const skipWithoutDynamoDbLocal =
  FOLDER === undefined && 'DYNAMODB_LOCAL names no folder with DynamoDBLocal.jar; see .ci/run';

/** A DynamoDB Local on a free port that keeps nothing on disk. */
export class DynamoDbLocal {
  readonly endpointUrl: string;
  private readonly child: ChildProcess;
  private readonly ended: Promise<void>;
  private hasEnded = false;
  private said = '';

  private constructor(folder: string, port: number) {
    this.endpointUrl = `http://127.0.0.1:${port}`;
    // The first two take less of a machine that runs other tests. Without the last one it reports its use to Amazon.
    const forJava = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx256m'];
    const libraries = `-Djava.library.path=${join(folder, 'DynamoDBLocal_lib')}`;
    const flags = ['-inMemory', '-port', String(port), '-disableTelemetry'];
    const java = ['java', ...forJava, libraries, '-jar', join(folder, 'DynamoDBLocal.jar'), ...flags];
    this.child = spawn('timeout', ['-s', 'KILL', String(LIFE_SECONDS), ...java], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.ended = this.untilEnded();
    const hear = (data: Buffer): void => {
      this.said = `${this.said}${data.toString()}`.slice(-2000);
    };
    this.child.stdout?.on('data', hear);
    this.child.stderr?.on('data', hear);
  }

  static async start(): Promise<DynamoDbLocal> {
    for (let tries = 1; ; tries++) {
      const server = new DynamoDbLocal(FOLDER ?? '', await freePort());
      try {
        await within(server.untilAnswered(), 'DynamoDB Local answers', START_LIMIT_MS);
        return server;
      } catch (error) {
        const isPortTaken = server.hasEnded && /Address already in use/.test(server.said);
        await server.stop();
        // Another process has taken the free port meanwhile.
        if (!isPortTaken || tries === TRIES) throw error;
      }
    }
  }

  /** Ends the process, also one that no longer answers. */
  async stop(): Promise<void> {
    // `timeout` and Java are a process group of their own.
    if (!this.hasEnded && this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL');
    await this.ended;
  }

  private async untilEnded(): Promise<void> {
    try {
      // Not `exit`, because a Java that cannot be started has none.
      await once(this.child, 'close');
    } catch (error) {
      this.said += String(error);
    }
    this.hasEnded = true;
  }

  private async untilAnswered(): Promise<void> {
    while (!(await isAnswered(this.endpointUrl))) {
      if (this.hasEnded) throw new Error(`DynamoDB Local ended before it answered: ${this.said}`);
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS);
      });
    }
  }
}

async function isAnswered(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(1000) })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

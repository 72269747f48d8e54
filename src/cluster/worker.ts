import { createHmac } from 'node:crypto';
import type { Socket } from 'node:net';
import { systemClock } from '../base/clock.js';
import { type Config, readConfig } from '../config/config.js';
import { drainAfterFaultSeconds, faultLimitMs } from '../app/drain.js';
import type { Gateway } from '../app/gateway.js';
import type { OpenInjectedFaults } from '../app/injected-faults.js';
import { readKey } from '../journal/seal.js';
import { once, stopOnFault } from '../process/faults.js';
import { FAULT_MESSAGE, createLogger } from '../telemetry/log.js';
import { startWatchdog } from '../process/watchdog.js';
import { type RunningGateway, type StartOptions, startGateway } from '../app/start-gateway.js';
import { type Channel, Link } from './link.js';
import { LinkInstances } from './link-instances.js';
import { LinkPeers } from './link-peers.js';
import { LinkPhones } from './link-phones.js';
import { takeRequest } from './pass-socket.js';
import type { DrainOrder, PassedUpgrade, Place, ToPrimary, ToWorker } from './protocol.js';
import { SharedJournal } from './shared-journal.js';
import { shareOf } from './shares.js';

type Environment = Readonly<Record<string, string | undefined>>;

const HELLO_MS = 10_000;
/** How often a worker looks whether its primary still lives. */
const ORPHAN_CHECK_MS = 1000;

/** What a worker needs of its process. */
export interface WorkerHost {
  /** Called when the gateway has drained. */
  exit: () => void;
  /** Tells the operator something, in a sentence. */
  warn: (sentence: string) => void;
  /** See {@link StartOptions}. */
  openFaults: OpenInjectedFaults;
  scrubTape?: StartOptions['scrubTape'];
}

/** Runs one of several gateways behind one port. The primary starts and stops this process. */
export async function runWorker(
  channel: Channel,
  env: Environment,
  { exit, openFaults, scrubTape, warn }: WorkerHost,
): Promise<void> {
  let running: RunningGateway | undefined;
  const settings = readConfig(env);
  const close = once(async () => running?.close());
  const stop = async ({ canMove, seconds }: DrainOrder): Promise<void> => {
    await running?.gateway.drain(seconds, canMove);
    await close();
  };
  let log = createLogger({ level: settings.logLevel });
  stopOnFault({
    count: () => running?.metrics.processorErrors.inc({ processor: 'process' }),
    report: (error, origin) => log.fatal({ err: error, origin }, FAULT_MESSAGE),
    // The primary starts the worker again when the process has ended.
    stop: () => stop({ seconds: drainAfterFaultSeconds(settings.drainSeconds), canMove: true }),
    limitMs: faultLimitMs(settings.drainSeconds),
  });
  let consoles: LinkInstances | undefined;
  const gateway = (): Gateway => {
    if (running === undefined) throw new Error('not started');
    return running.gateway;
  };
  const link = new Link<ToPrimary, ToWorker>(
    channel,
    {
      webhook: async ({ path, form, link, mayDecline }) => {
        const fields = new URLSearchParams(form);
        if (mayDecline && !gateway().hasRoomFor(path, fields)) return { declined: true };
        return { declined: false, twiml: await gateway().answer(path, fields, link) };
      },
      upgrade: (upgrade, socket) => takeUpgrade(gateway(), upgrade, socket),
      'agent-step': ({ callSid, step }) => running?.gateway.onAgentStep(callSid, step),
      'contact-step': ({ callSid, step }) => running?.gateway.onContactStep(callSid, step),
      metrics: () => running?.metrics.objects() ?? [],
      figures: () => running?.figures?.(),
      'console-watched': ({ opened }) => consoles?.joined?.onWatched(opened),
      'console-update': ({ instance, update }) => consoles?.joined?.onUpdate(instance, update),
      'console-wrong-token': (wrong) => consoles?.joined?.onWrongToken(wrong),
      'console-lost': (worker) => consoles?.joined?.onLost(worker),
      'console-ask': (question) => {
        if (consoles?.joined === undefined) throw new Error('not started');
        return consoles.joined.answer(question);
      },
      drain: async (order) => {
        await stop(order);
        const figures = await running?.figures?.();
        if (figures !== undefined) link.tell('last-figures', figures);
        exit();
      },
    },
    systemClock,
  );
  endWithPrimary(channel, exit);
  const place = await link.ask('hello', undefined, HELLO_MS);
  const { journalKey, name } = place;
  log = createLogger({ level: settings.logLevel, worker: name });
  const key = readKey(journalKey);
  if (key === undefined) throw new Error('The primary did not send a valid journal key.');
  consoles = new LinkInstances(link, place.workers);
  running = await startGateway(placedConfig(settings, place), {
    env,
    worker: {
      peers: new LinkPeers(name, link),
      processes: place.workers,
      journal: { backend: new SharedJournal(link), key },
      consoles,
      // A page may get its next answer from any of the workers.
      consoleSecret: createHmac('sha256', key).update('console').digest(),
      phones: place.hasPhones ? new LinkPhones(link) : undefined,
      kill: () => process.kill(process.pid, 'SIGKILL'),
    },
    openFaults,
    scrubTape,
    stop: () => link.tell('console-stop', undefined),
  });
  startWatchdog(running.config.maxStallMs, warn);
  running.gateway.watch(({ callSid, type }) => {
    if (type === 'started' || type === 'moving' || type === 'ended') link.tell(`call-${type}`, callSid);
  });
  link.tell('listening', { port: running.gateway.port });
}

/**
 * Ends this process when the primary is gone. Node does that by itself, except while a socket is on its way to the primary: then it
 * waits for the confirmation before it emits `disconnect`, for ever, and the worker would keep the port from the next cluster.
 */
function endWithPrimary(channel: Channel, exit: () => void): void {
  systemClock.setTimer(ORPHAN_CHECK_MS, () => {
    if (channel.connected) endWithPrimary(channel, exit);
    else exit();
  });
}

function placedConfig(settings: Config, { index, storeUrl, workers }: Place): Config {
  const config = shareOf(settings, index, workers);
  return storeUrl === undefined ? config : { ...config, handover: { ...config.handover, endpointUrl: storeUrl } };
}

function takeUpgrade(gateway: Gateway, upgrade: PassedUpgrade, socket: Socket | undefined): void {
  // The connection broke while it was passed here.
  if (socket !== undefined) gateway.takeUpgrade(takeRequest(upgrade, socket), socket, upgrade.head);
}

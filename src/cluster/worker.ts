import { createHmac } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { systemClock } from '../base/clock.js';
import { readConfig } from '../config/config.js';
import type { Gateway } from '../app/gateway.js';
import { readKey } from '../journal/seal.js';
import { startWatchdog } from '../process/watchdog.js';
import { type RunningGateway, startGateway } from '../app/start-gateway.js';
import { type Channel, Link } from './link.js';
import { LinkInstances } from './link-instances.js';
import { LinkPeers } from './link-peers.js';
import type { PassedUpgrade, Place, ToPrimary, ToWorker } from './protocol.js';
import { SharedJournal } from './shared-journal.js';
import { shareOf } from './shares.js';

type Environment = Readonly<Record<string, string | undefined>>;

const HELLO_MS = 10_000;

/**
 * Runs one of several gateways behind one port. The primary starts and stops this process. `exit` is called when the
 * gateway has drained.
 */
export async function runWorker(channel: Channel, env: Environment, exit: () => void): Promise<void> {
  let running: RunningGateway | undefined;
  let consoles: LinkInstances | undefined;
  const gateway = (): Gateway => {
    if (running === undefined) throw new Error('not started');
    return running.gateway;
  };
  const link = new Link<ToPrimary, ToWorker>(
    channel,
    {
      webhook: async ({ path, form, mayDecline }) => {
        const fields = new URLSearchParams(form);
        if (mayDecline && !gateway().hasRoomFor(path, fields)) return { declined: true };
        return { declined: false, twiml: await gateway().answer(path, fields) };
      },
      upgrade: (upgrade, socket) => takeUpgrade(gateway(), upgrade, socket),
      metrics: () => running?.metrics.objects() ?? [],
      'console-watched': ({ opened }) => consoles?.joined?.onWatched(opened),
      'console-update': ({ instance, update }) => consoles?.joined?.onUpdate(instance, update),
      'console-lost': (worker) => consoles?.joined?.onLost(worker),
      'console-ask': (question) => {
        if (consoles?.joined === undefined) throw new Error('not started');
        return consoles.joined.answer(question);
      },
      drain: async ({ canMove }) => {
        await running?.gateway.drain(running.config.drainSeconds, canMove);
        await running?.close();
        exit();
      },
    },
    systemClock,
  );
  const place = await link.ask('hello', undefined, HELLO_MS);
  const { journalKey, name } = place;
  const key = readKey(journalKey);
  if (key === undefined) throw new Error('The primary did not send a valid journal key.');
  consoles = new LinkInstances(link, place.workers);
  running = await startGateway(placedConfig(env, place), {
    env,
    worker: {
      peers: new LinkPeers(name, link),
      journal: { backend: new SharedJournal(link), key },
      consoles,
      // A page may get its next answer from any of the workers.
      consoleSecret: createHmac('sha256', key).update('console').digest(),
    },
    stop: () => link.tell('console-stop', undefined),
  });
  startWatchdog(running.config.maxStallMs);
  running.gateway.watch(({ callSid, type }) => {
    if (type === 'started' || type === 'moving' || type === 'ended') link.tell(`call-${type}`, callSid);
  });
  link.tell('listening', { port: running.gateway.port });
}

function placedConfig(env: Environment, { index, storeUrl, workers }: Place): ReturnType<typeof readConfig> {
  const config = shareOf(readConfig(env), index, workers);
  return storeUrl === undefined ? config : { ...config, handover: { ...config.handover, endpointUrl: storeUrl } };
}

function takeUpgrade(gateway: Gateway, upgrade: PassedUpgrade, socket: Socket | undefined): void {
  // The connection broke while it was passed here.
  if (socket === undefined) return;
  const { head, headers, method, url } = upgrade;
  socket.on('error', () => socket.destroy());
  gateway.takeUpgrade(Object.assign(new IncomingMessage(socket), { method, url, headers }), socket, head);
}

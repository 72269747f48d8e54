import { Writable } from 'node:stream';
import { Faults } from '../../sim/faults/faults.js';
import { Phones } from '../../sim/handset/phones.js';
import { type RunningGateway, startGateway } from '../../src/app/start-gateway.js';
import { readConfig } from '../../src/config/config.js';
import { PagePhone } from './page-phone.js';
import { ScriptedProvider } from './scripted-provider.js';

/** For tests of what exists only while no caller can be real: `npm start` with nothing configured, and a scripted model. */
export interface SimulatedGateway {
  running: RunningGateway;
  provider: ScriptedProvider;
  base: string;
  /** What the gateway has logged so far, as objects. */
  lines: Record<string, unknown>[];
  /** Opens the connection of a softphone's or a desk's page. */
  open: (page: 'phone' | 'agent') => Promise<PagePhone>;
}

/** Runs `body` on such a gateway, in real time. */
export async function withSimulatedGateway(
  {
    env = {},
    fallbacks = [],
    host = '127.0.0.1',
  }: { env?: Record<string, string>; fallbacks?: readonly ScriptedProvider[]; host?: string },
  body: (gateway: SimulatedGateway) => Promise<void>,
): Promise<void> {
  const lines: Record<string, unknown>[] = [];
  const logDestination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const provider = new ScriptedProvider();
  const running = await startGateway(readConfig({ PORT: '0', HOST: host, MAX_LOOP_DELAY_MS: '0', ...env }), {
    providers: [provider, ...fallbacks],
    logDestination,
    openFaults: (parts) => Promise.resolve(new Faults(parts)),
    openPhones: (parts) => Promise.resolve(new Phones(parts)),
  });
  const base = `http://${host}:${running.gateway.port}`;
  const pages: PagePhone[] = [];
  try {
    await body({
      running,
      provider,
      base,
      lines,
      open: async (page) => {
        const opened = await PagePhone.open(base, page);
        pages.push(opened);
        return opened;
      },
    });
  } finally {
    for (const page of pages) page.close();
    await running.close();
  }
}

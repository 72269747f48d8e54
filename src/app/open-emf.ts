import type { DestinationStream } from 'pino';
import { systemClock } from '../base/clock.js';
import type { Config } from '../config/config.js';
import { EmfWriter } from '../telemetry/emf.js';
import type { ProcessFigures } from '../telemetry/figures.js';
import { standardOutput } from '../telemetry/log.js';

/** Writes the figures of this process among the lines of its log, for CloudWatch. `undefined` if nothing is reported. */
export function openEmf(
  { emf }: Config,
  figures: ProcessFigures | undefined,
  logDestination: DestinationStream | undefined,
): EmfWriter | undefined {
  if (emf === undefined || figures === undefined) return undefined;
  const output = logDestination ?? standardOutput();
  const writer = new EmfWriter({
    ...emf,
    clock: systemClock,
    read: async () => new Map([['', await figures.read()]]),
    write: (line) => output.write(`${line}\n`),
  });
  writer.start();
  return writer;
}

import { type Nuisance, Strangers } from './strangers.js';

/** A process of its own, `stranger.js PORT NUISANCE CONNECTIONS`. Floods until it is told to stop, and says what it did. */
const [, , port = '', nuisance = '', connections = ''] = process.argv;
const strangers = new Strangers({
  port: Number(port),
  nuisance: nuisance as Nuisance,
  connections: Number(connections),
});
process.once('disconnect', () => process.exit(1));
process.once('message', () => {
  strangers.stop();
  process.send?.(strangers.flooded, () => process.exit(0));
});

import { ClusterRig } from './cluster-rig.js';
import { PatientPhone } from './handover-scene.js';
import { startRig } from './rig.js';
import { ScriptedProvider } from './scripted-provider.js';
import { ORDER_STATUS, playTracedCall } from './traced-call.js';

/** For checks of what is watched: gateways that have had a call with an interruption, a tool, a failover and a handover. */
export async function startMonitored(): Promise<{ targets: string[]; close: () => Promise<void> }> {
  const second = new ScriptedProvider('second');
  const agent = new PatientPhone();
  const rig = await startRig({ fallbacks: [second], tools: [ORDER_STATUS], phone: agent });
  // Some metrics are those of a primary.
  const cluster = await ClusterRig.spawn(1).listening();
  const scene = await playTracedCall(rig, second);
  return {
    targets: [rig.base, cluster.base].map((base) => new URL(base).host),
    close: async () => {
      scene.call.hangup();
      await scene.call.whenEnded();
      await cluster.close();
      await rig.close();
    },
  };
}

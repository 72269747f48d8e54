/** From how long a silence on is the operator warned, and alarmed. A caller who waits eight seconds hangs up. */
export const AMBER_MS = 4000;
export const RED_MS = 8000;

export type QuietLevel = 'none' | 'calm' | 'amber' | 'red';

export function quietLevel(quietMs: number | undefined): QuietLevel {
  if (quietMs === undefined) return 'none';
  return quietMs >= RED_MS ? 'red' : quietMs >= AMBER_MS ? 'amber' : 'calm';
}

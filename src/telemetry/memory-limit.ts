import { totalmem } from 'node:os';

/** Returns how many bytes the processes of this container or machine may use together. */
export function memoryLimitBytes(constrained = process.constrainedMemory(), total = totalmem()): number {
  // 0 or more than there is: nothing constrains this process (Node: process.constrainedMemory).
  return constrained > 0 && constrained < total ? constrained : total;
}

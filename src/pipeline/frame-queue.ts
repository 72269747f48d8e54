import { FRAME_TYPES, type Frame } from './frame.js';

interface Entry {
  index: number;
  frame: Frame;
}

/**
 * Frames that wait, with the place they start from. System frames come out first; an interruption throws away the data
 * frames that wait; everything else keeps its order.
 */
export class FrameQueue {
  private system: Entry[] = [];
  private rest: Entry[] = [];

  get size(): number {
    return this.system.length + this.rest.length;
  }

  add(index: number, frame: Frame): void {
    if (FRAME_TYPES[frame.type].priority !== 'system') {
      this.rest.push({ index, frame });
      return;
    }
    this.system.push({ index, frame });
    if (frame.type === 'interruption' || frame.type === 'leave') {
      this.rest = this.rest.filter((entry) => FRAME_TYPES[entry.frame.type].priority !== 'data');
    }
  }

  take(): Entry | undefined {
    return this.system.shift() ?? this.rest.shift();
  }

  clear(): void {
    this.system = [];
    this.rest = [];
  }
}

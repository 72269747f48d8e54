import { FRAME_TYPES, type Frame } from './frame.js';

interface Entry {
  index: number;
  frame: Frame;
}

/**
 * Holds the frames that wait, each with the index of the processor it starts at. System frames come out first. An
 * interruption or a leave drops the data frames that wait. All other frames keep their order.
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

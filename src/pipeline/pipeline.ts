import { directionOf, type Frame, type FrameType } from './frame.js';
import { FrameQueue } from './frame-queue.js';
import type { Link, Processor } from './processor.js';

export type FrameObserver = (frame: Frame) => void;

/**
 * Called when a processor or an observer throws. A processor loses the frame, an observer does not; both keep running.
 */
export type ProcessorErrorHandler = (processor: string, error: unknown) => void;

/**
 * A row of processors. A frame passes from one to the next as a function call, with no queue and no `await` between. A
 * frame is queued only if a processor emits it while another is on its way.
 */
export class Pipeline {
  private readonly processors: readonly Processor[];
  private readonly links: readonly PipelineLink[];
  private readonly onError: ProcessorErrorHandler;
  private readonly waiting = new FrameQueue();
  private readonly observers = new Map<FrameType, FrameObserver[]>();
  private running = false;
  private closed = false;

  constructor(processors: readonly Processor[], onError: ProcessorErrorHandler) {
    this.processors = processors;
    this.onError = onError;
    this.links = processors.map((_, index) => new PipelineLink(this, index));
    processors.forEach((processor, index) => {
      this.guard(processor.name, () => processor.attach?.(this.links[index] as PipelineLink));
    });
  }

  /** Calls `observer` with every frame of `type`, where the frame starts. Types without an observer cost nothing. */
  observe(type: FrameType, observer: FrameObserver): void {
    const list = this.observers.get(type) ?? [];
    list.push(observer);
    this.observers.set(type, list);
  }

  /** Starts a frame at the caller's end. */
  emit(frame: Frame): void {
    this.start(-1, frame);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.waiting.clear();
    for (const processor of this.processors) this.guard(processor.name, () => processor.close?.());
  }

  /** Used by the links. Starts `frame` beside the processor at `index`. */
  start(index: number, frame: Frame): void {
    if (this.closed) return;
    // A type without a row has no direction. Nothing is known of the frame, so it is lost here.
    if (directionOf(frame.type) === undefined) {
      this.onError('pipeline', new TypeError('A frame of an unknown type was emitted.'));
      return;
    }
    if (this.running) {
      this.waiting.add(index, frame);
      return;
    }
    this.running = true;
    this.travel(index, frame);
    if (this.waiting.size > 0) {
      for (let next = this.waiting.take(); next !== undefined; next = this.waiting.take()) {
        this.travel(next.index, next.frame);
      }
    }
    this.running = false;
  }

  /** Used by the links. Hands `frame` to the neighbour of the processor at `index`. */
  pass(index: number, frame: Frame): void {
    const next = directionOf(frame.type) === 'upstream' ? index - 1 : index + 1;
    const processor = this.processors[next];
    if (processor === undefined) return;
    try {
      processor.process(frame, this.links[next] as PipelineLink);
    } catch (error) {
      this.onError(processor.name, error);
    }
  }

  private guard(name: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.onError(name, error);
    }
  }

  private travel(index: number, frame: Frame): void {
    if (this.observers.size > 0) this.show(frame);
    this.pass(index, frame);
  }

  private show(frame: Frame): void {
    for (const observer of this.observers.get(frame.type) ?? []) {
      try {
        observer(frame);
      } catch (error) {
        this.onError(`observer of ${frame.type}`, error);
      }
    }
  }
}

class PipelineLink implements Link {
  private readonly pipeline: Pipeline;
  private readonly index: number;

  constructor(pipeline: Pipeline, index: number) {
    this.pipeline = pipeline;
    this.index = index;
  }

  push(frame: Frame): void {
    this.pipeline.pass(this.index, frame);
  }

  emit(frame: Frame): void {
    this.pipeline.start(this.index, frame);
  }
}

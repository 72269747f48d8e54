import { isFrame } from './check-frame.js';
import type { Frame, FrameType } from './frame.js';
import type { Link, Processor } from './processor.js';

/** What a processor of an extension did wrong. */
export type ProcessorFault =
  /** It could not be created, or the factory returned no processor. */
  | 'not-created'
  /** It threw. If that was while it worked on a frame, the frame is lost. */
  | 'failed'
  /** It threw on every sound of half a second, so sounds go past it from now on. */
  | 'deaf'
  /** It returned a promise, so all frames go past it from now on. */
  | 'asynchronous'
  /** It passed on something that is no frame. */
  | 'no-frame';

export type ProcessorFaultHandler = (fault: ProcessorFault, error?: unknown) => void;

/**
 * Frames that a processor may keep to itself. They are lost if it throws. All others reach the call whatever it does, because
 * without them the call would hang: the end of an answer, an interruption, the goodbye.
 */
const MAY_BE_KEPT: ReadonlySet<FrameType> = new Set<FrameType>([
  'input-audio',
  'input-dtmf',
  'audio',
  'assistant-text',
  'assistant-text-final',
  'caller-text',
]);

/**
 * After this many sounds in a row on which a processor has thrown, half a second of them, sounds go past it. Else the model
 * would not hear the caller again, or the caller the model.
 */
const MAX_LOST_SOUNDS = 25;

/** `deaf`: sounds go past the processor. `out`: all frames do. */
type State = 'in' | 'deaf' | 'out';

/** The frame that a processor is working on. */
interface Work {
  frame: Frame;
  /** Whether it has pushed a frame of that type. */
  isPassed: boolean;
}

/** A processor of an extension, whose faults cost a frame and nothing else. */
export class FencedProcessor implements Processor {
  readonly name: string;
  private readonly inner: Processor;
  private readonly onFault: ProcessorFaultHandler;
  private fence: FencedLink | undefined;
  private state: State = 'in';
  private lostSounds = 0;

  constructor(name: string, inner: Processor, onFault: ProcessorFaultHandler) {
    this.name = name;
    this.inner = inner;
    this.onFault = onFault;
  }

  attach(link: Link): void {
    const fence = new FencedLink(link, this.onFault);
    this.fence = fence;
    this.attempt(() => this.inner.attach?.(fence));
  }

  process(frame: Frame, link: Link): void {
    const { fence, state } = this;
    const isSound = frame.type === 'input-audio' || frame.type === 'audio';
    if (fence === undefined || state === 'out' || (state === 'deaf' && isSound)) {
      link.push(frame);
      return;
    }
    // A push can come back here before it returns: what playout sends upstream.
    const outer = fence.work;
    const work: Work = { frame, isPassed: false };
    fence.work = work;
    const isDone = this.attempt(() => this.inner.process(frame, fence));
    fence.work = outer;
    if (!work.isPassed && !MAY_BE_KEPT.has(frame.type)) link.push(frame);
    if (isSound) this.lostSounds = isDone ? 0 : this.lostSounds + 1;
    if (this.lostSounds < MAX_LOST_SOUNDS || this.state !== 'in') return;
    this.state = 'deaf';
    this.onFault('deaf');
  }

  close(): void {
    this.attempt(() => this.inner.close?.());
    this.fence?.close();
  }

  /** Runs a piece of the extension's code. Returns whether it did what it should. */
  private attempt(run: () => unknown): boolean {
    try {
      const result = run();
      if (typeof (result as Promise<unknown> | undefined)?.then !== 'function') return true;
      // Frames would come out of order, and some twice.
      this.state = 'out';
      this.fence?.close();
      void Promise.resolve(result).catch(() => undefined);
      this.onFault('asynchronous');
    } catch (error) {
      this.onFault('failed', error);
    }
    return false;
  }
}

/** A link that passes on nothing but frames. */
class FencedLink implements Link {
  /** `undefined` while the processor works on no frame. */
  work: Work | undefined;
  private readonly link: Link;
  private readonly onFault: ProcessorFaultHandler;
  private isClosed = false;

  constructor(link: Link, onFault: ProcessorFaultHandler) {
    this.link = link;
    this.onFault = onFault;
  }

  push(frame: Frame): void {
    if (!this.isUsable(frame)) return;
    if (frame.type === this.work?.frame.type) this.work.isPassed = true;
    this.link.push(frame);
  }

  emit(frame: Frame): void {
    if (this.isUsable(frame)) this.link.emit(frame);
  }

  close(): void {
    this.isClosed = true;
  }

  private isUsable(frame: Frame): boolean {
    if (this.isClosed) return false;
    if (frame === this.work?.frame || isFrame(frame)) return true;
    this.onFault('no-frame');
    return false;
  }
}

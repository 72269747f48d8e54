import type { CallEvent } from '../call/call-events.js';
import { ATTRIBUTE, OPERATION, SPAN, SPEECH, toolSpan } from '../telemetry/span-names.js';
import { type SpanValue, drawSpanId } from '../telemetry/span.js';
import type { NewSpan } from './new-span.js';

type Happening<Type extends CallEvent['type']> = Omit<Extract<CallEvent, { type: Type }>, 'callSid' | 'type'>;

/** An answer of the assistant: from the end of the caller's speech to the end of its playout. */
interface Turn {
  spanId: string;
  startMs: number;
  provider?: string;
  /** When the first audio was sent. */
  sentMs?: number;
  latency?: Happening<'answered'>;
  inputTokens: number;
  outputTokens: number;
  /** Whether the model has done something in it, so that the trace shows it even if nothing was played. */
  isUsed: boolean;
}

/** A turn whose playout is over. Its tokens may be told a moment later. */
interface PlayedTurn extends Turn {
  endMs: number;
  heard: { heardMs: number; isInterrupted: boolean };
}

interface RunningTool {
  spanId: string;
  parentId: string;
  name: string;
  startMs: number;
}

/** Maximum number of turns and tools that are open at the same time. More are not traced. */
const MAX_OPEN = 16;

/** Makes the spans of one call's turns, and of the tools that the model calls in them. */
export class TurnSpans {
  private readonly now: () => number;
  private readonly add: (span: NewSpan) => void;
  private readonly models: (provider: string) => Readonly<Record<string, SpanValue | undefined>>;
  private provider: string;
  private count: number;
  /** The caller has spoken, or the model has begun something, and nothing is played yet. */
  private pending: Turn | undefined;
  /** By the item that is being played. */
  private readonly open = new Map<string, Turn>();
  private played: PlayedTurn | undefined;
  private readonly tools = new Map<string, RunningTool>();

  /** `before`: number of turns that earlier instances have handled. */
  constructor(options: {
    /** Milliseconds since the epoch. */
    now: () => number;
    provider: string;
    before: number;
    models: (provider: string) => Readonly<Record<string, SpanValue | undefined>>;
    add: (span: NewSpan) => void;
  }) {
    this.now = options.now;
    this.add = options.add;
    this.models = options.models;
    this.provider = options.provider;
    this.count = options.before;
  }

  /** Another provider may speak from now on. */
  spokenBy(provider: string): void {
    this.provider = provider;
  }

  callerStopped(): void {
    if (this.pending?.isUsed !== true) this.pending = this.turn(this.now());
  }

  answered(answered: Happening<'answered'>): void {
    this.flush();
    const nowMs = this.now();
    const turn = this.pending ?? this.turn(nowMs);
    this.pending = undefined;
    turn.startMs = Math.min(turn.startMs, nowMs - answered.waitedMs);
    Object.assign(turn, { latency: answered, sentMs: nowMs, provider: answered.provider, isUsed: true });
    this.provider = answered.provider;
    if (this.open.size < MAX_OPEN) this.open.set(answered.itemId, turn);
  }

  /** An item is over. One that answers nothing, such as the greeting, is a turn of its own. */
  spoken({ beganAgoMs, firstMarkAgoMs, heardMs, itemId, sentMs }: Happening<'model-speech'>): void {
    this.flush();
    const nowMs = this.now();
    let turn = this.open.get(itemId);
    if (turn === undefined) {
      turn = this.pending?.isUsed === true ? this.pending : this.turn(nowMs - beganAgoMs);
      if (turn === this.pending) this.pending = undefined;
    }
    this.open.delete(itemId);
    const playoutMs =
      turn.sentMs === undefined || firstMarkAgoMs === undefined ? undefined : nowMs - firstMarkAgoMs - turn.sentMs;
    this.played = Object.assign(turn, {
      endMs: nowMs,
      heard: { heardMs, isInterrupted: heardMs < sentMs },
      ...(playoutMs === undefined || playoutMs < 0 ? {} : { playoutMs }),
    });
  }

  usage({ inputTokens, outputTokens }: Happening<'usage'>): void {
    const turn = this.spender();
    turn.inputTokens += inputTokens;
    turn.outputTokens += outputTokens;
    turn.isUsed = true;
  }

  /** Returns the turn whose tokens are told now. */
  private spender(): Turn {
    const { pending, played } = this;
    if (pending?.isUsed === true) return pending;
    // A cut item is over before the model has told what it cost.
    if (played !== undefined && played.inputTokens + played.outputTokens === 0) return played;
    return this.playing ?? played ?? (this.pending ??= this.turn(this.now()));
  }

  private get playing(): Turn | undefined {
    return [...this.open.values()].at(-1);
  }

  toolCalled({ name, toolCallId }: Happening<'tool'>): void {
    if (this.tools.size >= MAX_OPEN) return;
    const turn = this.playing ?? (this.pending ??= this.turn(this.now()));
    turn.isUsed = true;
    this.tools.set(toolCallId, { spanId: drawSpanId(), parentId: turn.spanId, name, startMs: this.now() });
  }

  /** `fault` is `undefined` if the tool did what it should. */
  toolDone(toolCallId: string, fault: string | undefined): void {
    const tool = this.tools.get(toolCallId);
    if (tool === undefined) return;
    this.tools.delete(toolCallId);
    const { name, parentId, spanId, startMs } = tool;
    const error = fault ?? (name === '' ? 'unknown_tool' : undefined);
    this.add({
      name: toolSpan(name),
      kind: 'internal',
      spanId,
      parentId,
      startMs,
      attributes: {
        [ATTRIBUTE.operation]: OPERATION.tool,
        [ATTRIBUTE.tool]: name === '' ? undefined : name,
        [ATTRIBUTE.error]: error,
      },
      isError: error !== undefined,
    });
  }

  /** The stream or the call is over. */
  end(): void {
    for (const toolCallId of this.tools.keys()) this.toolDone(toolCallId, 'abandoned');
    this.flush();
    const unplayed = [...this.open.values(), ...(this.pending?.isUsed === true ? [this.pending] : [])];
    this.open.clear();
    this.pending = undefined;
    for (const turn of unplayed) this.send(turn, this.now(), undefined);
  }

  /** Sends the turn whose playout is over. */
  private flush(): void {
    const { played } = this;
    this.played = undefined;
    if (played !== undefined) this.send(played, played.endMs, played.heard);
  }

  private send(turn: Turn & { playoutMs?: number }, endMs: number, heard: PlayedTurn['heard'] | undefined): void {
    const { inputTokens, latency, outputTokens, playoutMs, provider = this.provider, spanId, startMs } = turn;
    const hasTokens = inputTokens + outputTokens > 0;
    this.add({
      name: SPAN.turn,
      kind: 'internal',
      spanId,
      startMs,
      endMs,
      attributes: {
        [ATTRIBUTE.operation]: OPERATION.generate,
        ...this.models(provider),
        [ATTRIBUTE.outputType]: SPEECH,
        [ATTRIBUTE.inputTokens]: hasTokens ? inputTokens : undefined,
        [ATTRIBUTE.outputTokens]: hasTokens ? outputTokens : undefined,
        [ATTRIBUTE.turn]: this.count++,
        [ATTRIBUTE.latencyMs]: whole(latency?.waitedMs),
        [ATTRIBUTE.endpointingMs]: whole(latency?.endpointingMs),
        [ATTRIBUTE.modelMs]: whole(latency?.modelMs),
        [ATTRIBUTE.playoutMs]: whole(playoutMs),
        [ATTRIBUTE.interrupted]: heard?.isInterrupted ?? false,
        [ATTRIBUTE.heardMs]: whole(heard?.heardMs ?? 0),
      },
    });
  }

  private turn(startMs: number): Turn {
    return { spanId: drawSpanId(), startMs, inputTokens: 0, outputTokens: 0, isUsed: false };
  }
}

function whole(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}

import type { Clock } from '../../base/clock.js';
import { FencedProcessor, type ProcessorFault, type ProcessorFaultHandler } from '../../pipeline/fenced-processor.js';
import type { Processor } from '../../pipeline/processor.js';
import type { Logger } from '../../telemetry/log.js';

/**
 * Where a processor of an extension stands. `before-model`: between the caller and the model; the caller's audio and keys and
 * the gateway's lines pass it. `after-model`: between the model and all stages of the gateway; everything that the model sends,
 * and on its way back what is for the model.
 */
export type ProcessorPlace = 'before-model' | 'after-model';

/** The stream that a processor works on. */
export interface ProcessorCall {
  /** The gateway's id of the call, for logs. It is not secret. */
  conversationId: string;
  /** In E.164 form. Empty if the caller withholds it. */
  callerNumber: string;
  /** BCP 47 tag of the language in which the conversation starts. */
  language: string;
  /** The call's logger. Keep message text constant, put values into fields, and never log what was said. */
  log: Logger;
  /** The gateway's time. An error in one of its timers is logged and costs nothing else. */
  clock: Clock;
}

/** A processor of an extension, as the pipeline opens it. */
export interface OwnProcessor {
  name: string;
  place: ProcessorPlace;
  /** Called for each stream: a call whose stream breaks has several. */
  create(call: ProcessorCall): Processor;
}

/** The processors of one stream, by their place, in the order in which frames pass them on the way to the caller. */
export type OwnStages = Readonly<Record<ProcessorPlace, readonly Processor[]>>;

const NONE: OwnStages = { 'before-model': [], 'after-model': [] };

/** Opens the processors of a stream. One that cannot be created is left out. Never throws. */
export function openOwnProcessors(
  processors: readonly OwnProcessor[],
  call: () => ProcessorCall,
  onFault: (name: string, fault: ProcessorFault, error?: unknown) => void,
): OwnStages {
  if (processors.length === 0) return NONE;
  const context = call();
  const opened = processors.flatMap((own) => {
    const processor = created(own, context, (fault, error) => onFault(own.name, fault, error));
    return processor === undefined ? [] : [{ place: own.place, processor }];
  });
  const at = (wanted: ProcessorPlace): Processor[] =>
    opened.filter(({ place }) => place === wanted).map(({ processor }) => processor);
  return { 'before-model': at('before-model'), 'after-model': at('after-model') };
}

function created(own: OwnProcessor, call: ProcessorCall, onFault: ProcessorFaultHandler): Processor | undefined {
  try {
    const inner = own.create(call) as Partial<Processor> | null | undefined;
    if (typeof inner?.process !== 'function') throw new TypeError('The factory returned no processor.');
    return new FencedProcessor(own.name, inner as Processor, onFault);
  } catch (error) {
    onFault('not-created', error);
    return undefined;
  }
}

import type { Span } from '../telemetry/span.js';

/** A span of a call. By default it ends now, and its parent is the call. */
export interface NewSpan {
  name: string;
  kind: Span['kind'];
  spanId?: string;
  parentId?: string | undefined;
  startMs: number;
  endMs?: number;
  attributes: Span['attributes'];
  isError?: boolean;
  link?: Span['link'];
}

import type { Timer } from '../../base/clock.js';
import type { Outage } from './outage.js';
import type { Passing } from './passing.js';
import type { RenewalSchedule } from './renewal.js';
import type { SupervisedSession } from './supervised-session.js';

/** A session is ready and the caller talks to it. */
export interface Live {
  name: 'live';
  supervised: SupervisedSession;
  renewal: RenewalSchedule;
  /** The outage that this session ends, if it lasts. */
  outage: Outage | undefined;
  sinceMs: number;
}

export interface Renewing extends Omit<Live, 'name'> {
  name: 'renewing';
  next: SupervisedSession;
  takesOver: TakesOver;
}

export interface PassingOn extends Omit<Live, 'name'> {
  name: 'passing';
  next: SupervisedSession;
  passing: Passing;
}

/** When a successor that is ready takes over: in a pause, when no answer is in progress or owed, or whatever happens. */
type TakesOver = 'in-pause' | 'between-answers' | 'at-once';

/** Which sessions a call has. The caller talks to one of them at a time, or to none. */
export type State =
  /** A session is being opened and there is no other. `outage` is set once a session was lost. */
  | { name: 'opening'; supervised: SupervisedSession; outage: Outage | undefined }
  /** The timer starts the next try. */
  | { name: 'waiting'; timer: Timer }
  | Live
  /** The session continues while its successor is being opened. */
  | Renewing
  /** The session is kept, and hears nothing, while that of another assistant is being opened. */
  | PassingOn
  | { name: 'closed' };

export const HOLD_MILLISECONDS = 800;
/** How long Enter must have been quiet before a hold may begin: a key still down from the window before must not sign. */
export const QUIET_MILLISECONDS = 500;

/**
 * A key or button held down long enough to mean it.
 *
 * Pure but for the numbers it is given: the caller brings the time. A press that began before the
 * document was on the screen, or a key that never came up, doesn't count; letting go starts over.
 */
export class Hold {
  #since: number | null = null;
  #done = false;
  #quietFrom: number;

  constructor(openedAt: number) {
    this.#quietFrom = openedAt + QUIET_MILLISECONDS;
  }

  /**
   * A press begins, or repeats while it is held. Returns whether a hold is now under way. Only a key
   * can have been down before the window was: a pointer's press always began on the button.
   */
  press(now: number, by: 'key' | 'pointer'): boolean {
    if (this.#done) return false;
    if (this.#since !== null) return true;
    if (by === 'key' && now < this.#quietFrom) {
      this.#quietFrom = now + QUIET_MILLISECONDS;
      return false;
    }
    this.#since = now;
    return true;
  }

  release(): void {
    if (!this.#done) this.#since = null;
  }

  /** 0 to 1. */
  progress(now: number): number {
    if (this.#done) return 1;
    if (this.#since === null) return 0;
    return Math.min(1, (now - this.#since) / HOLD_MILLISECONDS);
  }

  /** True exactly once: when the hold has lasted long enough. */
  completes(now: number): boolean {
    if (this.#done || this.progress(now) < 1) return false;
    this.#done = true;
    return true;
  }

  /** After a signature that failed, so that it can be tried again. */
  reset(now: number): void {
    this.#done = false;
    this.#since = null;
    this.#quietFrom = now + QUIET_MILLISECONDS;
  }
}

/** The viewer's clock, one tick a second, shared by everything that shows an age. */
class Clock {
  now = $state(Date.now());
  #timer: ReturnType<typeof setInterval> | null = null;

  start(): () => void {
    this.now = Date.now();
    this.#timer ??= setInterval(() => (this.now = Date.now()), 1000);
    return () => {
      if (this.#timer !== null) clearInterval(this.#timer);
      this.#timer = null;
    };
  }
}

export const clock = new Clock();

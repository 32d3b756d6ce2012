/** Engines cut elements off: WebKitGTK and Chromium at 33,554,428 pixels, Firefox sooner. */
export const TALLEST = 8_000_000;
/** At both ends a pixel of the scrollbar's way is a pixel of rows. */
const EXACT = 1_000_000;

/**
 * Rows of one height in an element that is never too tall. Where all rows would be, what lies between the
 * ends is scaled: the scrollbar then stands for all rows, and near where one is a pixel is still a pixel
 * (see `follow`).
 */
export class Scale {
  /** Of the element. */
  readonly height: number;
  /** The farthest that rows can be scrolled. */
  readonly deepest: number;
  readonly #view: number;
  /** The farthest that the element can be scrolled. */
  readonly #last: number;

  constructor(rows: number, rowHeight: number, view: number) {
    const whole = rows * rowHeight;
    this.height = Math.min(whole, TALLEST);
    this.deepest = Math.max(0, whole - view);
    this.#last = Math.max(0, this.height - view);
    this.#view = view;
  }

  get isScaled(): boolean {
    return this.deepest > this.#last;
  }

  /** What is at the top, in pixels of rows, where the element is scrolled so far. */
  topAt(scroll: number): number {
    const at = Math.min(this.#last, Math.max(0, scroll));
    if (!this.isScaled || at <= EXACT) return at;
    if (at >= this.#last - EXACT) return this.deepest - (this.#last - at);
    return EXACT + (at - EXACT) * this.#ratio;
  }

  /** How far the element is scrolled where this is at the top. */
  scrollAt(top: number): number {
    const at = this.within(top);
    if (!this.isScaled || at <= EXACT) return at;
    if (at >= this.deepest - EXACT) return this.#last - (this.deepest - at);
    return EXACT + (at - EXACT) / this.#ratio;
  }

  /** What is at the top after the element was scrolled: a wheel and a key move by pixels, a thumb by its place. */
  follow(top: number, from: number, to: number): number {
    const by = to - from;
    return this.isScaled && Math.abs(by) <= 2 * this.#view ? this.within(top + by) : this.topAt(to);
  }

  within(top: number): number {
    return Math.min(this.deepest, Math.max(0, top));
  }

  get #ratio(): number {
    return (this.deepest - 2 * EXACT) / (this.#last - 2 * EXACT);
  }
}

import { describe, expect, test } from 'vitest';
import { Scale, TALLEST } from '$lib/parts/scale';
import { randomFrom } from '$lib/platform/fake/random';

const ROW = 34;
const VIEW = 700;
const SIZES = [0, 1, 12, 21, 5_000, 235_294, 235_295, 300_000, 932_000, 1_000_000, 4_000_000];

describe('a list of any length in an element that is not too tall', () => {
  test.each(SIZES)('%i rows: the element stays within bounds, both ends are ends', (rows) => {
    const scale = new Scale(rows, ROW, VIEW);
    expect(scale.height).toBeLessThanOrEqual(TALLEST);
    expect(scale.topAt(0)).toBe(0);
    expect(scale.topAt(Math.max(0, scale.height - VIEW))).toBeCloseTo(Math.max(0, rows * ROW - VIEW), 3);
    expect(scale.scrollAt(scale.deepest)).toBeCloseTo(Math.max(0, scale.height - VIEW), 3);
  });

  test.each(SIZES)('%i rows: every row can be brought to the top', (rows) => {
    const scale = new Scale(rows, ROW, VIEW);
    const step = Math.max(1, Math.floor(rows / 20_011));
    for (let row = 0; row < rows; row += step) {
      const top = Math.min(row * ROW, scale.deepest);
      expect(Math.abs(scale.topAt(scale.scrollAt(top)) - top)).toBeLessThan(0.01);
    }
  });

  test.each(SIZES)('%i rows: farther down is farther down', (rows) => {
    const scale = new Scale(rows, ROW, VIEW);
    let before = -1;
    for (let scroll = 0; scroll <= scale.height - VIEW; scroll += 977) {
      const top = scale.topAt(scroll);
      expect(top).toBeGreaterThan(before);
      before = top;
    }
  });

  test('without scaling a pixel is a pixel', () => {
    const scale = new Scale(5_000, ROW, VIEW);
    expect([scale.isScaled, scale.topAt(1_234), scale.follow(0, 0, 99_000)]).toEqual([false, 1_234, 99_000]);
  });

  test('a wheel moves rows by what it says, wherever one is', () => {
    const scale = new Scale(1_000_000, ROW, VIEW);
    const random = randomFrom(5);
    for (let round = 0; round < 2_000; round += 1) {
      const top = random() * scale.deepest;
      const from = scale.scrollAt(top);
      const by = (random() - 0.5) * 2 * VIEW;
      const next = scale.follow(top, from, from + by);
      expect(next).toBeCloseTo(scale.within(top + by), 6);
    }
  });

  test('wheeled from one end to the other it never jumps and arrives', () => {
    const scale = new Scale(240_000, ROW, VIEW);
    const last = scale.height - VIEW;
    let [top, scrolled] = [0, 0];
    for (let round = 0; top < scale.deepest && round < 30_000; round += 1) {
      const to = Math.min(last, scrolled + 600);
      const next = scale.follow(top, scrolled, to);
      expect(next - top).toBeGreaterThan(0);
      expect(next - top).toBeLessThanOrEqual(600);
      // As the list does: the thumb goes where it belongs.
      [top, scrolled] = [next, scale.scrollAt(next)];
    }
    expect(top).toBe(scale.deepest);
  });

  test('a thumb that is dragged shows the rows of its place', () => {
    const scale = new Scale(1_000_000, ROW, VIEW);
    const middle = scale.follow(0, 0, (scale.height - VIEW) / 2);
    expect(middle / ROW).toBeCloseTo(500_000 - VIEW / ROW / 2, 0);
  });
});

import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import HoldButton from '../src/approval/HoldButton.svelte';
import { Hold, HOLD_MILLISECONDS, QUIET_MILLISECONDS } from '$lib/state/hold';

describe('hold', () => {
  test('completes once, when it has lasted', () => {
    const hold = new Hold(0);
    expect(hold.press(1000, 'key')).toBe(true);
    expect(hold.completes(1000 + HOLD_MILLISECONDS - 1)).toBe(false);
    expect(hold.completes(1000 + HOLD_MILLISECONDS)).toBe(true);
    expect(hold.completes(1000 + HOLD_MILLISECONDS)).toBe(false);
    expect(hold.press(5000, 'key')).toBe(false);
  });

  test('repeats of a held key don’t start it again', () => {
    const hold = new Hold(0);
    for (let at = 1000; at < 1800; at += 30) hold.press(at, 'key');
    expect(hold.completes(1800)).toBe(true);
  });

  test('letting go starts over', () => {
    const hold = new Hold(0);
    hold.press(1000, 'key');
    hold.release();
    expect(hold.progress(1700)).toBe(0);
    hold.press(1700, 'key');
    expect(hold.completes(1800)).toBe(false);
  });

  test('a key that was down before the window was never signs, however long it repeats', () => {
    const hold = new Hold(0);
    for (let at = 10; at < 5000; at += 30) {
      expect(hold.press(at, 'key')).toBe(false);
      expect(hold.completes(at)).toBe(false);
    }
    expect(hold.press(5000 + QUIET_MILLISECONDS, 'key')).toBe(true);
  });

  test('a pointer needs no quiet: its press began on the button', () => {
    const hold = new Hold(0);
    expect(hold.press(10, 'pointer')).toBe(true);
    expect(hold.completes(10 + HOLD_MILLISECONDS)).toBe(true);
  });

  test('after a signature that failed it can be tried again', () => {
    const hold = new Hold(0);
    hold.press(1000, 'key');
    hold.completes(2000);
    hold.reset(2000);
    expect(hold.press(2000 + QUIET_MILLISECONDS, 'key')).toBe(true);
    expect(hold.completes(4000)).toBe(true);
  });
});

describe('button', () => {
  const onsign = vi.fn(async () => true);
  beforeEach(() => {
    onsign.mockClear();
    vi.useFakeTimers({ toFake: ['performance', 'requestAnimationFrame', 'cancelAnimationFrame', 'setTimeout'] });
    render(HoldButton, { label: 'to sign', onsign });
    vi.advanceTimersByTime(1000);
  });
  afterEach(() => vi.useRealTimers());
  const button = (): HTMLElement => screen.getByTestId('approval-sign');

  test('a click signs nothing', async () => {
    await fireEvent.pointerDown(button(), { button: 0 });
    vi.advanceTimersByTime(120);
    await fireEvent.pointerUp(button());
    await fireEvent.click(button());
    vi.advanceTimersByTime(3000);
    expect(onsign).not.toHaveBeenCalled();
  });

  test('a held pointer signs once', async () => {
    await fireEvent.pointerDown(button(), { button: 0 });
    vi.advanceTimersByTime(2500);
    expect(onsign).toHaveBeenCalledOnce();
  });

  test('a pointer that leaves the button signs nothing', async () => {
    await fireEvent.pointerDown(button(), { button: 0 });
    vi.advanceTimersByTime(600);
    await fireEvent.pointerLeave(button());
    vi.advanceTimersByTime(3000);
    expect(onsign).not.toHaveBeenCalled();
  });

  test('held Enter signs; a tap does not', async () => {
    await fireEvent.keyDown(window, { key: 'Enter' });
    vi.advanceTimersByTime(300);
    await fireEvent.keyUp(window, { key: 'Enter' });
    vi.advanceTimersByTime(2000);
    expect(onsign).not.toHaveBeenCalled();
    await fireEvent.keyDown(window, { key: 'Enter' });
    vi.advanceTimersByTime(900);
    expect(onsign).toHaveBeenCalledOnce();
  });

  test('a window that loses the focus starts over', async () => {
    await fireEvent.keyDown(window, { key: 'Enter' });
    vi.advanceTimersByTime(600);
    await fireEvent.blur(window);
    vi.advanceTimersByTime(2000);
    expect(onsign).not.toHaveBeenCalled();
  });

  test('Enter on another control is that control’s', async () => {
    const other = document.body.appendChild(document.createElement('button'));
    await fireEvent.keyDown(other, { key: 'Enter' });
    vi.advanceTimersByTime(3000);
    expect(onsign).not.toHaveBeenCalled();
    other.remove();
  });
});

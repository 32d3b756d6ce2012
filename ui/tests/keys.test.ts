import { beforeEach, describe, expect, test, vi } from 'vitest';
import { keyName, Keys } from '$lib/state/keys.svelte';
import { keyCaps } from '$lib/words/keys';

function press(keys: Keys, key: string, options: KeyboardEventInit & { target?: HTMLElement; now?: number } = {}): boolean {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...options });
  let done = false;
  const target = options.target ?? document.body;
  const listen = (heard: KeyboardEvent): void => void (done = keys.handle(heard, options.now ?? 0));
  window.addEventListener('keydown', listen, { once: true });
  target.dispatchEvent(event);
  window.removeEventListener('keydown', listen);
  return done;
}

describe('names', () => {
  const name = (key: string, more: { ctrlKey?: boolean; metaKey?: boolean; altKey?: boolean } = {}) =>
    keyName({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });
  test('printable keys are what they print', () => expect(name('?')).toBe('?'));
  test('others are lower case', () => expect(name('ArrowDown')).toBe('arrowdown'));
  test('Ctrl and ⌘ are one', () => expect([name('k', { ctrlKey: true }), name('K', { metaKey: true })]).toEqual(['mod+k', 'mod+k']));
  test('shift has a cap of its own', () => expect(keyCaps('shift+arrowdown')).toEqual(['⇧', '↓']));
  test('caps for a chord and for a modifier', () => expect([keyCaps('g q'), keyCaps('mod+k', false), keyCaps('enter')]).toEqual([['g', 'q'], ['Ctrl', 'K'], ['↵']]));
});

describe('keys', () => {
  let keys: Keys;
  const run = vi.fn();
  beforeEach(() => {
    keys = new Keys();
    run.mockReset();
    document.body.innerHTML = '<input id="field"><button id="button">x</button>';
  });
  const field = (): HTMLElement => document.getElementById('field') ?? document.body;
  const button = (): HTMLElement => document.getElementById('button') ?? document.body;

  test('a key runs its binding and is not given to the page as well', () => {
    keys.add({ title: 'a', bindings: [{ keys: ['j'], label: 'down', run }] });
    expect(press(keys, 'j')).toBe(true);
    expect(run).toHaveBeenCalledOnce();
  });

  test('in a text field keys are text', () => {
    keys.add({ title: 'a', bindings: [{ keys: ['j'], label: 'down', run }] });
    press(keys, 'j', { target: field() });
    expect(run).not.toHaveBeenCalled();
  });

  test('unless the binding says otherwise', () => {
    keys.add({ title: 'a', bindings: [{ keys: ['mod+k'], label: 'palette', run, inFields: true }] });
    press(keys, 'k', { ctrlKey: true, target: field() });
    expect(run).toHaveBeenCalledOnce();
  });

  test('Enter on a button is the button’s', () => {
    keys.add({ title: 'a', bindings: [{ keys: ['enter'], label: 'open', run }] });
    press(keys, 'Enter', { target: button() });
    expect(run).not.toHaveBeenCalled();
    press(keys, 'Enter');
    expect(run).toHaveBeenCalledOnce();
  });

  test('two keys in a row, in time', () => {
    keys.add({ title: 'a', bindings: [{ keys: ['g a'], label: 'audit', run }] });
    press(keys, 'g', { now: 0 });
    press(keys, 'a', { now: 500 });
    expect(run).toHaveBeenCalledOnce();
    press(keys, 'g', { now: 1000 });
    press(keys, 'a', { now: 9000 });
    expect(run).toHaveBeenCalledOnce();
  });

  test('the second key of a chord goes before its own binding', () => {
    const alone = vi.fn();
    keys.add({ title: 'a', bindings: [{ keys: ['g a'], label: 'audit', run }, { keys: ['a'], label: 'assign', run: alone }] });
    press(keys, 'g');
    press(keys, 'a');
    expect([run.mock.calls.length, alone.mock.calls.length]).toEqual([1, 0]);
  });

  test('the newest group wins', () => {
    const newer = vi.fn();
    keys.add({ title: 'a', bindings: [{ keys: ['n'], label: 'x', run }] });
    const stop = keys.add({ title: 'b', bindings: [{ keys: ['n'], label: 'y', run: newer }] });
    press(keys, 'n');
    expect([run.mock.calls.length, newer.mock.calls.length]).toEqual([0, 1]);
    stop();
    press(keys, 'n');
    expect(run).toHaveBeenCalledOnce();
  });

  test('a dialog silences what is under it, until it closes', () => {
    keys.add({ title: 'a', bindings: [{ keys: ['e'], label: 'close', run }] });
    const close = keys.openLayer();
    press(keys, 'e');
    expect(run).not.toHaveBeenCalled();
    close();
    close();
    press(keys, 'e');
    expect(run).toHaveBeenCalledOnce();
  });
});

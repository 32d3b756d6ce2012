import { HostError } from '../platform/host';
import { attempt } from './toasts.svelte';

/**
 * Puts text on the clipboard and says so. A web view lets a page do that only while a person's key or
 * click is being handled, so the clipboard is asked at once, also for text that is still on its way.
 */
export function copy(text: string | Promise<string>, said: string): Promise<void | undefined> {
  return attempt(async () => {
    if (await written(Promise.resolve(text))) return;
    throw new HostError({ code: 'refused', message: 'This window was not let at the clipboard. Try once more.', retryable: true });
  }, said);
}

async function written(text: Promise<string>): Promise<boolean> {
  const there = typeof navigator !== 'undefined' && 'clipboard' in navigator;
  try {
    if (there && typeof ClipboardItem !== 'undefined') {
      await navigator.clipboard.write([new ClipboardItem({ 'text/plain': text.then((known) => new Blob([known], { type: 'text/plain' })) })]);
      return true;
    }
  } catch {
    // What went wrong with the text itself is thrown again below.
  }
  const known = await text;
  try {
    if (there) {
      await navigator.clipboard.writeText(known);
      return true;
    }
  } catch {
    // The old way may still be open.
  }
  return byCommand(known);
}

/** Copies out of a field that nobody sees; within a dialog, which keeps the focus to itself. */
function byCommand(text: string): boolean {
  if (typeof document.execCommand !== 'function') return false;
  const before = document.activeElement;
  const field = document.createElement('textarea');
  field.className = 'hidden-text';
  field.value = text;
  (before?.closest('[role="dialog"]') ?? document.body).append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

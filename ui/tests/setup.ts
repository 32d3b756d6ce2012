import { cleanup } from '@testing-library/svelte';
import { toasts } from '$lib/state/toasts.svelte';
import { afterEach } from 'vitest';

// The test DOM has no layout: give elements a size so that the virtual list draws some rows.
Object.defineProperties(HTMLElement.prototype, {
  clientHeight: { configurable: true, get: () => 680 },
  clientWidth: { configurable: true, get: () => 900 },
});

afterEach(() => {
  cleanup();
  location.hash = '';
  localStorage.clear();
  toasts.list = [];
});

import { createContext } from 'svelte';
import type { Console } from './console.svelte';
import type { Queue } from './queue.svelte';

/** What every page of the main window shares. */
export interface Desk {
  console: Console;
  queue: Queue;
}

export const [desk, setDesk] = createContext<Desk>();

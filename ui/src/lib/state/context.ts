import { createContext } from 'svelte';
import type { Console } from './console.svelte';
import type { Queue } from './queue.svelte';
import type { Triage } from './triage.svelte';
import type { Views } from './views.svelte';

/** What every page of the main window shares. */
export interface Desk {
  console: Console;
  queue: Queue;
  triage: Triage;
  views: Views;
}

export const [desk, setDesk] = createContext<Desk>();

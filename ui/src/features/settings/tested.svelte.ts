import type { ConnectionTest } from '$wire';
import { attempt } from '$lib/state/toasts.svelte';

/** A connection test under way, and what the last one said. */
export class Tested {
  running = $state(false);
  result = $state.raw<ConnectionTest | null>(null);

  async run(test: () => Promise<ConnectionTest>): Promise<void> {
    this.running = true;
    this.result = (await attempt(test)) ?? null;
    this.running = false;
  }
}

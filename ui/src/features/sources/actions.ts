import type { SourceView } from '$wire';
import type { Host } from '$lib/platform/host';
import { attempt } from '$lib/state/toasts.svelte';

/** What can be done with a source. Those with a dialog are asked there once more. */
export type SourceAction = 'poll' | 'test' | 'pause' | 'backfill' | 'continue' | 'reset' | 'remove';

export async function pollNow(host: Host, source: SourceView): Promise<void> {
  await attempt(() => host.pollNow(source.name), `Asked ${source.name} for what is new`);
}

export async function togglePolling(host: Host, source: SourceView): Promise<void> {
  await attempt(() => host.setSourcePolling(source.name, !source.polling), source.polling ? `${source.name} is paused` : `${source.name} is polled again`);
}

/** Cancels a back-fill that runs; takes up one that does not. */
export async function continueBackfill(host: Host, source: SourceView): Promise<void> {
  const { backfill } = source;
  if (backfill === null || (!backfill.running && backfill.outcome === 'complete')) return;
  if (backfill.running) await attempt(() => host.cancelBackfill(source.name), `The back-fill of ${source.name} stops after the page it is at`);
  else await attempt(() => host.startBackfill(source.name, null));
}

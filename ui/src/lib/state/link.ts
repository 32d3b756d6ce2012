import type { Host } from '../platform/host';
import { router } from './route.svelte';
import { attempt, toasts } from './toasts.svelte';

/** Goes where the address leads that the system handed over, or says why it leads nowhere. */
export async function follow(host: Host): Promise<void> {
  const target = await attempt(() => host.takeLink());
  if (!target) return;
  if (target.kind === 'incident') router.go({ page: 'incident', id: target.id, step: null });
  else toasts.fail({ code: 'refused', message: target.message });
}

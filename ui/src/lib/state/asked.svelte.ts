import type { QueueRow } from '$wire';

/** Dialogs that more than one page opens: what each was asked for, null while it is closed. */
class Asked {
  snooze = $state.raw<{ ids: readonly string[]; row: QueueRow | null } | null>(null);
  /** The incident whose like is to be suppressed. */
  suppress = $state<string | null>(null);
}

export const asked = new Asked();

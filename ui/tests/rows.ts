import type { QueueRow } from '$wire';
import { inventRow } from '$lib/platform/fake/incidents';

/** A row with only what a case is about. */
export function row(id: string, change: Partial<QueueRow> = {}): QueueRow {
  return { ...inventRow(3, 10), id, label: id.toUpperCase(), owner: null, state: 'new', title: `Title of ${id}`, ...change };
}

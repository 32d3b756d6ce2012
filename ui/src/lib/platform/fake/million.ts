import type { QueueCounts, QueuePage, QueueQuery, QueueRow, Severity } from '$wire';
import { inventClock, inventRow } from './incidents';

/** As many as the queue is made for. */
export const MILLION = 1_000_000;
/** Which part of them ends with what severity. */
const SHARES: readonly [number, Severity][] = [[0.002, 'critical'], [0.08, 'high'], [0.35, 'medium'], [0.9, 'low'], [1, 'informational']];

/** The row at a place; made when it is asked for, as nobody keeps so many. No filter is heard. */
export function millionth(place: number): QueueRow {
  const [, severity] = SHARES.find(([until]) => place < until * MILLION) ?? SHARES[0] ?? [1, 'low'];
  const share = SHARES.findIndex(([, known]) => known === severity);
  const row = inventRow(20 + place, (place - (SHARES[share - 1]?.[0] ?? 0) * MILLION) / 20);
  const opened = new Date(Date.now() - (place - (SHARES[share - 1]?.[0] ?? 0) * MILLION) * 3_000).toISOString();
  const state = row.state === 'closed' || row.state === 'false_positive' || row.state === 'snoozed' ? 'new' : row.state;
  return { ...row, id: `inc_${String(place).padStart(7, '0')}`, label: `INC-${MILLION - place}`, severity, state, opened_at: opened, clock: inventClock(severity, state, opened, place) };
}

export function inventMillion(query: QueueQuery): QueuePage {
  const from = query.after === undefined ? (query.skip ?? 0) : Number(query.after) + 1;
  const end = Math.min(MILLION, from + (query.limit ?? 200));
  const rows = Array.from({ length: Math.max(0, end - from) }, (_, at) => millionth(from + at));
  return { rows, matching: MILLION, more_match: false, total: MILLION, next: end < MILLION ? String(end - 1) : null };
}

export const MILLION_COUNTS: QueueCounts = { open: MILLION, unowned: 571_204, critical: 2_000, containing: 99_871, contained: 100_306, snoozed: 0, all: MILLION };

import type { QueueOrder, QueueQuery, QueueRow } from '$wire';
import { SEVERITY } from '../words/labels';

/** The queue's order, as the store's: most severe first, then newest to the second, then highest number. */
export function compareRows(a: QueueRow, b: QueueRow): number {
  const severity = SEVERITY[a.severity].rank - SEVERITY[b.severity].rank;
  if (severity !== 0) return severity;
  const opened = secondOf(b.opened_at) - secondOf(a.opened_at);
  if (opened !== 0) return opened;
  return numberOf(b) - numberOf(a);
}

/** By clocks: what is due first, first. */
export function compareClocks(a: QueueRow, b: QueueRow): number {
  const due = (row: QueueRow): number => (row.clock === null ? Infinity : secondOf(row.clock.due));
  return due(a) === due(b) ? compareRows(b, a) : due(a) - due(b);
}

export const COMPARE: Record<QueueOrder, (a: QueueRow, b: QueueRow) => number> = { severity: compareRows, clock: compareClocks };

/** Before 2000 all are the same to the store. */
function secondOf(time: string): number {
  return Math.max(946_684_800, Math.floor(Date.parse(time) / 1_000));
}

function numberOf(row: QueueRow): number {
  return Number(row.label.replace(/\D/g, '')) || 0;
}

/** Whether a row that came by event belongs to what is listed. The engine decides for pages; this only for events. */
export function matchesQuery(row: QueueRow, query: QueueQuery, user: string): boolean {
  if (query.states?.length && !query.states.includes(row.state)) return false;
  if (query.severities?.length && !query.severities.includes(row.severity)) return false;
  if (query.account && query.account !== row.account && query.account !== row.account_name) return false;
  if (query.owner === 'none' && row.owner !== null) return false;
  if (query.owner === 'me' && row.owner !== user) return false;
  if (query.owner && query.owner !== 'none' && query.owner !== 'me' && query.owner !== row.owner) return false;
  if (query.order === 'clock' && row.clock === null) return false;
  const opened = secondOf(row.opened_at);
  if (query.opened_after && opened < secondOf(query.opened_after)) return false;
  if (query.opened_before && opened > secondOf(query.opened_before)) return false;
  return !query.text || mentions(row, query.text);
}

/** Every word of the text, or its beginning, as the store's index finds it. */
function mentions(row: QueueRow, text: string): boolean {
  const where = [row.label, row.title, row.asset, row.asset_name, row.account, row.account_name, ...row.techniques];
  const said = tokens(where.filter((part) => part !== null).join(' '));
  return text
    .split(/\s+/)
    .map(tokens)
    .filter((word) => word.length > 0)
    .every((word) => said.some((_, at) => follows(word, said, at)));
}

/** Whether a word's parts stand one after the other from here on, the last of them perhaps only begun. */
function follows(word: readonly string[], said: readonly string[], at: number): boolean {
  const last = word.length - 1;
  return word.every((part, index) => (index === last ? said[at + index]?.startsWith(part) : said[at + index] === part));
}

function tokens(text: string): string[] {
  const folded = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return folded.split(/[^\p{L}\p{N}]+/u).filter((token) => token !== '');
}

/** Where a row that came by event goes. */
export type Placement =
  /** Known: its fields change, its place does not. */
  | { kind: 'replace'; index: number }
  /** Below everything that is on the screen, so that nothing seen moves. */
  | { kind: 'insert'; index: number }
  /** Above something on the screen: announced at the edge, listed when the person asks. */
  | { kind: 'hold' }
  /** On a page that was not fetched yet. */
  | { kind: 'beyond' };

export function placeRow(
  rows: readonly QueueRow[],
  row: QueueRow,
  lastVisible: number,
  hasMore: boolean,
  order: QueueOrder = 'severity',
): Placement {
  const known = rows.findIndex((other) => other.id === row.id);
  if (known >= 0) return { kind: 'replace', index: known };
  const found = rows.findIndex((other) => COMPARE[order](row, other) < 0);
  if (found < 0) return hasMore ? { kind: 'beyond' } : { kind: 'insert', index: rows.length };
  return found > lastVisible ? { kind: 'insert', index: found } : { kind: 'hold' };
}

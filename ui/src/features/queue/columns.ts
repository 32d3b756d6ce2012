import type { QueueColumn, QueueDensity } from '$wire';
import { COLUMNS } from '$lib/state/look.svelte';

/** What each is called, and what stands above it; the technique stands after the title, people are known by their mark. */
export const COLUMN: Record<QueueColumn, { label: string; head: string }> = {
  technique: { label: 'Technique', head: '' },
  asset: { label: 'Asset', head: 'Asset' },
  account: { label: 'Account', head: 'Account' },
  sources: { label: 'Sources', head: 'Sources' },
  findings: { label: 'Findings', head: 'Findings' },
  state: { label: 'State', head: 'State' },
  clock: { label: 'Clock', head: 'Clock' },
  age: { label: 'Age', head: 'Age' },
  owner: { label: 'Owner', head: '' },
};

export const DENSITY: Record<QueueDensity, string> = { compact: 'Compact rows', normal: 'Normal rows', roomy: 'Roomy rows' };

/** Pixels; where there is little room, the second. */
const WIDTH: Record<QueueColumn, readonly [number, number]> = {
  technique: [0, 0],
  asset: [168, 120],
  account: [104, 84],
  sources: [96, 80],
  findings: [58, 54],
  state: [100, 80],
  clock: [56, 52],
  age: [48, 44],
  owner: [24, 24],
};
const MARK = 26;
const GAP = 10;
const PADDING = 26;
/** A title that is shorter says nothing. */
const TITLE = 200;
/** Below this a list is narrow. */
const NARROW = 760;
/** What gives way first where not all fits. */
const YIELDING: readonly QueueColumn[] = ['sources', 'findings', 'account', 'asset', 'state', 'age', 'clock'];

function widthOf(column: QueueColumn, room: number): number {
  return WIDTH[column][room < NARROW ? 1 : 0];
}

/** Of the columns wanted those that fit beside a title, in their order. A room of 0 is not known yet. */
export function fitting(wanted: readonly QueueColumn[], room: number): QueueColumn[] {
  const columns = COLUMNS.filter((column) => wanted.includes(column));
  if (room === 0) return columns;
  const left = (kept: readonly QueueColumn[]): number =>
    kept.filter((column) => column !== 'technique').reduce((space, column) => space - widthOf(column, room) - GAP, room - MARK - GAP - PADDING - (kept.includes('owner') ? 0 : WIDTH.owner[0] + GAP));
  return YIELDING.reduce((kept, next) => (left(kept) >= TITLE ? kept : kept.filter((column) => column !== next)), columns);
}

/** The grid that head and rows share. */
export function template(columns: readonly QueueColumn[], room: number): string {
  const widths = columns.filter((column) => column !== 'technique').map((column) => `${widthOf(column, room)}px`);
  // The head's own button stands at the end, over the owners.
  const end = columns.includes('owner') ? [] : [`${WIDTH.owner[0]}px`];
  return [`${MARK}px`, 'minmax(0, 1fr)', ...widths, ...end].join(' ');
}

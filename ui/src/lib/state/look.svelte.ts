import type { QueueColumn, QueueDensity } from '$wire';
import { keep, kept } from './kept';

/** Columns that can be left out, in the order in which they stand. */
export const COLUMNS: readonly QueueColumn[] = ['technique', 'asset', 'account', 'sources', 'state', 'findings', 'clock', 'age', 'owner'];
export const DENSITIES: readonly QueueDensity[] = ['compact', 'normal', 'roomy'];
/** Height of a row. */
export const ROW_HEIGHT: Record<QueueDensity, number> = { compact: 27, normal: 34, roomy: 46 };

const KEY = 'firebreak.queue';
const FIRST: readonly QueueColumn[] = ['technique', 'asset', 'account', 'state', 'clock', 'age', 'owner'];

function stored(): { columns: readonly QueueColumn[]; density: QueueDensity } {
  const [density, ...columns] = (kept(KEY) ?? '').split(' ');
  const known = DENSITIES.find((choice) => choice === density);
  if (known !== undefined) return { density: known, columns: COLUMNS.filter((column) => columns.includes(column)) };
  return { columns: FIRST, density: 'normal' };
}

/** Which columns of the queue a person wants, and how high its rows; kept on this machine only. */
class Look {
  columns = $state.raw<readonly QueueColumn[]>(FIRST);
  density = $state<QueueDensity>('normal');

  start(): () => void {
    Object.assign(this, stored());
    return () => {};
  }

  choose(change: { columns?: readonly QueueColumn[]; density?: QueueDensity }): void {
    Object.assign(this, change);
    keep(KEY, [this.density, ...this.columns].join(' '));
  }
}

export const look = new Look();

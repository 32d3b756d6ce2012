import type { DrawnEdge, DrawnNode, Picture } from './grouping';

export interface Point {
  x: number;
  y: number;
}

const COLUMN = 164;
const ROW = 90;
/** Nodes above each other before a column is folded. */
const FEW = 8;
/** How much wider than high a folded picture is where nobody says. */
const WIDE = 1.35;

/**
 * Places the incident's assets in the middle left, what reached them from outside to their left, and what
 * they reach to their right, one column a hop; where a hop holds many its column is folded. Within a
 * column a node stands near what it hangs on, so that edges seldom cross. The same input gives the same
 * picture.
 */
export function layoutReach({ nodes, edges }: Pick<Picture, 'nodes' | 'edges'>, wide = WIDE): Map<string, Point> {
  const columns = new Map<number, DrawnNode[]>();
  for (const node of nodes) {
    const column = columnOf(node);
    const list = columns.get(column);
    if (list) list.push(node);
    else columns.set(column, [node]);
  }
  const beside = neighbours(edges);
  const high = rowsOf([...columns.values()].map((list) => list.length), wide);
  const places = new Map<string, Point>();
  const place = (column: number, left: number): number => {
    const list = columns.get(column) ?? [];
    const folds = Math.max(1, Math.ceil(list.length / high));
    const wanted = new Map(list.map((node) => [node.id, pull(node, beside, places)]));
    const ordered = list.toSorted(
      (a, b) => (wanted.get(a.id) ?? 0) - (wanted.get(b.id) ?? 0) || weight(b) - weight(a) || (a.id < b.id ? -1 : 1),
    );
    const rows = Math.ceil(ordered.length / folds);
    ordered.forEach((node, index) => {
      const row = Math.floor(index / folds);
      places.set(node.id, { x: (left + (index % folds)) * COLUMN, y: (row - (rows - 1) / 2) * ROW });
    });
    return folds;
  };
  // Outward from the assets: each column can lean on the one before it.
  let right = place(0, 0);
  for (const column of [...columns.keys()].filter((column) => column > 0).sort((a, b) => a - b)) right += place(column, right);
  let left = 0;
  for (const column of [...columns.keys()].filter((column) => column < 0).sort((a, b) => b - a)) {
    const folds = Math.ceil((columns.get(column)?.length ?? 0) / high);
    left -= folds;
    place(column, left);
  }
  return places;
}

/** How many nodes stand above each other, so that the whole is about as wide as asked. */
function rowsOf(columns: readonly number[], wide: number): number {
  const highest = Math.max(FEW, ...columns);
  for (let rows = FEW; rows < highest; rows += 1) {
    const folded = columns.reduce((sum, length) => sum + Math.ceil(length / rows), 0);
    if (folded * COLUMN <= wide * rows * ROW) return rows;
  }
  return highest;
}

function columnOf(node: DrawnNode): number {
  if (node.role === 'compromised') return 0;
  return node.role === 'external' ? -Math.max(1, node.hops) : Math.max(1, node.hops);
}

function neighbours(edges: readonly DrawnEdge[]): Map<string, string[]> {
  const beside = new Map<string, string[]>();
  for (const { from, to } of edges) {
    beside.set(from, [...(beside.get(from) ?? []), to]);
    beside.set(to, [...(beside.get(to) ?? []), from]);
  }
  return beside;
}

/** The mean height of the neighbours that already have a place. */
function pull(node: DrawnNode, beside: ReadonlyMap<string, readonly string[]>, places: ReadonlyMap<string, Point>): number {
  const heights = (beside.get(node.id) ?? []).flatMap((id) => places.get(id)?.y ?? []);
  return heights.length === 0 ? 0 : heights.reduce((sum, y) => sum + y, 0) / heights.length;
}

function weight(node: DrawnNode): number {
  return node.role === 'crown_jewel' ? 2 : node.role === 'compromised' ? 3 : 0;
}

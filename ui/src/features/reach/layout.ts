import type { ReachEdge, ReachNode, ReachView } from '$wire';

/** What is drawn of a reach. */
export type Drawn = Pick<ReachView, 'nodes' | 'edges'>;

export interface Point {
  x: number;
  y: number;
}

const COLUMN = 170;
const ROW = 92;

/**
 * Places the incident's asset in the middle left, what reached it from outside to its left, and what it
 * reaches to its right, one column a hop. Within a column a node stands near what it hangs on, so that
 * edges seldom cross. The same input gives the same picture.
 */
export function layoutReach({ nodes, edges }: Drawn): Map<string, Point> {
  const columns = new Map<number, ReachNode[]>();
  for (const node of nodes) {
    const column = columnOf(node);
    columns.set(column, [...(columns.get(column) ?? []), node]);
  }
  const places = new Map<string, Point>();
  // Outward from the asset: each column can lean on the one before it.
  for (const column of [...columns.keys()].sort((a, b) => Math.abs(a) - Math.abs(b) || a - b)) {
    const list = columns.get(column) ?? [];
    const wanted = new Map(list.map((node) => [node.id, pull(node, edges, places)]));
    const ordered = list.toSorted(
      (a, b) => (wanted.get(a.id) ?? 0) - (wanted.get(b.id) ?? 0) || weight(b) - weight(a) || (a.id < b.id ? -1 : 1),
    );
    ordered.forEach((node, index) => {
      places.set(node.id, { x: column * COLUMN, y: (index - (ordered.length - 1) / 2) * ROW });
    });
  }
  return places;
}

function columnOf(node: ReachNode): number {
  if (node.role === 'compromised') return 0;
  return node.role === 'external' ? -Math.max(1, node.hops) : Math.max(1, node.hops);
}

/** The mean height of the neighbours that already have a place. */
function pull(node: ReachNode, edges: readonly ReachEdge[], places: ReadonlyMap<string, Point>): number {
  const heights = edges.flatMap((edge) => {
    const other = edge.from === node.id ? edge.to : edge.to === node.id ? edge.from : null;
    const place = other === null ? undefined : places.get(other);
    return place ? [place.y] : [];
  });
  return heights.length === 0 ? 0 : heights.reduce((sum, y) => sum + y, 0) / heights.length;
}

function weight(node: ReachNode): number {
  return node.role === 'crown_jewel' ? 2 : node.role === 'compromised' ? 3 : 0;
}

/** Edges on a way from the incident's assets to a crown jewel, or from outside to the assets: these are drawn strong. */
export function hotEdges({ nodes, edges }: Drawn): Set<number> {
  const starts = nodes.filter((node) => node.role === 'compromised').map((node) => node.id);
  const goals = new Set(nodes.filter((node) => node.role === 'crown_jewel').map((node) => node.id));
  const outside = new Set(nodes.filter((node) => node.role === 'external').map((node) => node.id));
  const hot = new Set<number>();
  edges.forEach((edge, index) => {
    if (outside.has(edge.from) || outside.has(edge.to)) hot.add(index);
  });
  const reached = new Map<string, number | null>(starts.map((id) => [id, null]));
  const waiting = [...starts];
  for (let at = 0; at < waiting.length; at += 1) {
    const from = waiting[at];
    edges.forEach((edge, index) => {
      if (edge.from === from && !reached.has(edge.to)) {
        reached.set(edge.to, index);
        waiting.push(edge.to);
      }
    });
  }
  for (const goal of goals) {
    let edge = reached.get(goal) ?? null;
    while (edge !== null) {
      hot.add(edge);
      edge = reached.get(edges[edge]?.from ?? '') ?? null;
    }
  }
  return hot;
}

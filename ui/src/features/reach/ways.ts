import type { ReachView } from '$wire';

/** What is drawn of a reach. */
export type Drawn = Pick<ReachView, 'nodes' | 'edges'>;

export interface Ways {
  /** Edges on a way from the incident's assets to a crown jewel, or from outside to the assets: these are drawn strong. */
  hot: ReadonlySet<number>;
  /** Crown jewels, the nearest first, each with what a shortest way to it goes through; the jewel is the last. */
  toJewels: readonly (readonly string[])[];
}

/** Walks from the incident's assets, breadth first. */
export function waysOf({ nodes, edges }: Drawn): Ways {
  const outside = new Set(nodes.filter((node) => node.role === 'external').map((node) => node.id));
  const hot = new Set<number>();
  const from = new Map<string, number[]>();
  edges.forEach((edge, index) => {
    if (outside.has(edge.from) || outside.has(edge.to)) hot.add(index);
    const known = from.get(edge.from);
    if (known) known.push(index);
    else from.set(edge.from, [index]);
  });
  const starts = nodes.filter((node) => node.role === 'compromised').map((node) => node.id);
  const by = new Map<string, number | null>(starts.map((id) => [id, null]));
  const waiting = [...starts];
  for (let at = 0; at < waiting.length; at += 1) {
    for (const index of from.get(waiting[at] ?? '') ?? []) {
      const to = edges[index]?.to ?? '';
      if (by.has(to)) continue;
      by.set(to, index);
      waiting.push(to);
    }
  }
  const place = new Map(waiting.map((id, at) => [id, at]));
  const jewels = [...new Set(nodes.filter((node) => node.role === 'crown_jewel').map((node) => node.id))];
  const far = (id: string): number => place.get(id) ?? Infinity;
  const toJewels = jewels
    .toSorted((a, b) => (far(a) === far(b) ? (a < b ? -1 : 1) : far(a) - far(b)))
    .map((jewel) => {
      const way = [jewel];
      for (let edge = by.get(jewel) ?? null; edge !== null; edge = by.get(way[0] ?? '') ?? null) {
        hot.add(edge);
        way.unshift(edges[edge]?.from ?? '');
      }
      return way;
    });
  return { hot, toJewels };
}

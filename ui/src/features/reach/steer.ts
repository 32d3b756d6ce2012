import type { Point } from './layout';

export type Direction = 'arrowleft' | 'arrowright' | 'arrowup' | 'arrowdown';

/**
 * The node that an arrow key leads to: the nearest one that way, where what lies beside the way counts as
 * twice as far. Null when there is none that way.
 */
export function steer(places: ReadonlyMap<string, Point>, from: string | null, way: Direction): string | null {
  const here = from === null ? undefined : places.get(from);
  if (here === undefined) return places.keys().next().value ?? null;
  const level = way === 'arrowleft' || way === 'arrowright';
  const sign = way === 'arrowleft' || way === 'arrowup' ? -1 : 1;
  let best: { id: string; far: number } | null = null;
  for (const [id, { x, y }] of places) {
    const along = sign * (level ? x - here.x : y - here.y);
    const beside = Math.abs(level ? y - here.y : x - here.x);
    if (id === from || along <= 0) continue;
    const far = along + 2 * beside;
    if (best === null || far < best.far) best = { id, far };
  }
  return best?.id ?? null;
}

export function isDirection(key: string): key is Direction {
  return ['arrowleft', 'arrowright', 'arrowup', 'arrowdown'].includes(key);
}

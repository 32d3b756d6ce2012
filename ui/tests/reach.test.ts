import { describe, expect, test } from 'vitest';
import type { ReachEdge, ReachNode } from '$wire';
import { elementsOf } from '../src/features/reach/elements';
import { hotEdges, layoutReach, type Drawn } from '../src/features/reach/layout';

const node = (id: string, role: ReachNode['role'], hops: number): ReachNode => ({ id, name: id, kind: 'instance', role, hops });
const edge = (from: string, to: string): ReachEdge => ({ from, to, kind: 'network', reason: 'r', source: 'wiz' });
const reach: Drawn = {
  nodes: [node('web', 'compromised', 0), node('net', 'external', 1), node('role', 'neighbour', 1), node('log', 'neighbour', 1), node('data', 'crown_jewel', 2)],
  edges: [edge('net', 'web'), edge('web', 'role'), edge('web', 'log'), edge('role', 'data')],
};

describe('layout', () => {
  test('outside is left, each hop is further right', () => {
    const places = layoutReach(reach);
    const x = (id: string): number => places.get(id)?.x ?? NaN;
    expect(x('net')).toBeLessThan(x('web'));
    expect(x('web')).toBeLessThan(x('role'));
    expect(x('role')).toBe(x('log'));
    expect(x('role')).toBeLessThan(x('data'));
  });
  test('no two share a place', () => {
    const places = [...layoutReach(reach).values()].map(({ x, y }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(reach.nodes.length);
  });
  test('the same reach is drawn the same way, in whatever order it comes', () => {
    const turned = { nodes: reach.nodes.toReversed(), edges: reach.edges.toReversed() };
    const sorted = (view: Drawn) => [...layoutReach(view)].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted(turned)).toEqual(sorted(reach));
  });
});

describe('ways', () => {
  test('the way in and the way to the crown jewel are strong, the rest is not', () => expect([...hotEdges(reach)].sort()).toEqual([0, 1, 3]));
  test('circles end', () => expect(hotEdges({ ...reach, edges: [...reach.edges, edge('role', 'web'), edge('data', 'role')] }).has(3)).toBe(true));
});

describe('elements', () => {
  test('an edge to a node that is not there is left out, not thrown at the canvas', () => {
    const broken = { ...reach, edges: [...reach.edges, edge('web', 'nowhere')] };
    expect(elementsOf(broken)).toHaveLength(reach.nodes.length + reach.edges.length);
  });
  test('names are made visible and short', () => {
    const [first] = elementsOf({ nodes: [{ ...node('a', 'neighbour', 1), name: `x\u202e${'y'.repeat(90)}` }], edges: [] });
    expect(first?.data['label']).toMatch(/^x⟨U\+202E⟩y+…$/);
    expect(String(first?.data['label']).length).toBeLessThan(45);
  });
});

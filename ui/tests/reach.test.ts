import { describe, expect, test } from 'vitest';
import type { ReachEdge, ReachNode } from '$wire';
import { elementsOf } from '../src/features/reach/elements';
import { Grouping, MOST, type Opened, type Picture } from '../src/features/reach/grouping';
import { layoutReach } from '../src/features/reach/layout';
import { steer } from '../src/features/reach/steer';
import { waysOf, type Drawn } from '../src/features/reach/ways';
import { randomFrom } from '../src/lib/platform/fake/random';

const node = (id: string, role: ReachNode['role'], hops: number): ReachNode => ({ id, name: id, kind: 'instance', role, hops, account: null, account_name: null });
const edge = (from: string, to: string): ReachEdge => ({ from, to, kind: 'network', reason: 'r', source: 'wiz' });
const reach: Drawn = {
  nodes: [node('web', 'compromised', 0), node('net', 'external', 1), node('role', 'neighbour', 1), node('log', 'neighbour', 1), node('data', 'crown_jewel', 2)],
  edges: [edge('net', 'web'), edge('web', 'role'), edge('web', 'log'), edge('role', 'data')],
};

const drawn = (view: Drawn): Picture => new Grouping(view).picture();
const hotEdges = (view: Drawn) => waysOf(view).hot;

describe('layout', () => {
  test('outside is left, each hop is further right', () => {
    const places = layoutReach(drawn(reach));
    const x = (id: string): number => places.get(id)?.x ?? NaN;
    expect(x('net')).toBeLessThan(x('web'));
    expect(x('web')).toBeLessThan(x('role'));
    expect(x('role')).toBe(x('log'));
    expect(x('role')).toBeLessThan(x('data'));
  });
  test('no two share a place', () => {
    const places = [...layoutReach(drawn(reach)).values()].map(({ x, y }) => `${x} ${y}`);
    expect(new Set(places).size).toBe(reach.nodes.length);
  });
  test('the same reach is drawn the same way, in whatever order it comes', () => {
    const turned = { nodes: reach.nodes.toReversed(), edges: reach.edges.toReversed() };
    const sorted = (view: Drawn) => [...layoutReach(drawn(view))].sort(([a], [b]) => (a < b ? -1 : 1));
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
    expect(elementsOf(drawn(broken))).toHaveLength(reach.nodes.length + reach.edges.length);
  });
  test('names are made visible and short', () => {
    const [first] = elementsOf(drawn({ nodes: [{ ...node('a', 'neighbour', 1), name: `x\u202e${'y'.repeat(90)}` }], edges: [] }));
    expect(first?.data['label']).toMatch(/^x⟨U\+202E⟩y+…$/);
    expect(String(first?.data['label']).length).toBeLessThan(45);
  });
});

/** An estate of so many assets; `links` edges for each, between any two. */
function estate(seed: number, size: number, accounts: number, kinds: number, links: number, jewels: number): Drawn {
  const random = randomFrom(seed);
  const any = (many: number): number => Math.floor(random() * many);
  const nodes = Array.from({ length: size }, (_, at): ReachNode => {
    const role = at === 0 ? 'compromised' : at <= jewels ? 'crown_jewel' : random() < 0.05 ? 'external' : 'neighbour';
    const account = role === 'external' || random() < 0.05 ? null : `${any(accounts)}`;
    return { ...node(`n${at}`, role, 1 + any(4)), kind: `kind ${any(kinds)}`, account };
  });
  const edges = nodes.slice(1).map((one) => edge(`n${any(Number(one.id.slice(1)))}`, one.id));
  for (let at = 0; at < size * links; at += 1) edges.push(edge(`n${any(size)}`, `n${any(size)}`));
  return { nodes, edges };
}

const pairs = (edges: readonly ReachEdge[]) => new Set(edges.filter((one) => one.from !== one.to).map((one) => `${one.from} ${one.to}`));

/** What holds of every picture, whatever is open. */
function check(view: Drawn, picture: Picture): void {
  expect(picture.nodes.length + picture.edges.length).toBeLessThanOrEqual(MOST);
  const members = picture.nodes.flatMap((one) => one.members.map((member) => member.id));
  expect(members.toSorted()).toEqual(view.nodes.map((one) => one.id).toSorted());
  expect(picture.edges.reduce((sum, one) => sum + one.count, 0) + picture.within).toBe(pairs(view.edges).size);
  const ids = new Set(picture.nodes.map((one) => one.id));
  expect(ids.size).toBe(picture.nodes.length);
  for (const one of picture.edges) expect([ids.has(one.from), ids.has(one.to), one.from !== one.to]).toEqual([true, true, true]);
  const rank = ['external', 'neighbour', 'crown_jewel', 'compromised'];
  for (const one of picture.nodes) expect(rank.indexOf(one.role)).toBe(Math.max(...one.members.map((member) => rank.indexOf(member.role))));
  const places = [...layoutReach(picture).values()].map(({ x, y }) => `${x} ${y}`);
  expect(new Set(places).size).toBe(picture.nodes.length);
}

const ESTATES: [string, Drawn][] = [
  ['twenty', estate(1, 20, 2, 4, 0.2, 1)],
  ['two hundred', estate(2, 200, 3, 8, 0.2, 2)],
  ['two thousand', estate(3, 2_000, 8, 8, 0.2, 20)],
  ['very many accounts', estate(4, 2_000, 900, 3, 0.1, 5)],
  ['nothing alike', estate(5, 600, 600, 600, 0.1, 3)],
  ['all connected', estate(6, 700, 4, 4, 20, 10)],
  ['hundreds of crown jewels', estate(7, 900, 3, 3, 0.5, 500)],
  ['all of one kind', estate(8, 1_500, 1, 1, 0.1, 0)],
  ['many accounts, all connected', estate(9, 800, 700, 2, 12, 40)],
];

describe('what is alike is put together', () => {
  test.each(ESTATES)('%s: never more than can be drawn, and nothing is lost', (_, view) => check(view, drawn(view)));

  test.each(ESTATES)('%s: whatever is opened shows something and keeps the bound', (_, view) => {
    const grouping = new Grouping(view);
    const random = randomFrom(17);
    let opened: Opened[] = [];
    for (let round = 0; round < 12; round += 1) {
      const picture = grouping.picture(opened);
      const groups = picture.nodes.filter((one) => one.group !== null);
      const group = groups[Math.floor(random() * groups.length)];
      if (!group) return;
      const before = picture.open.find((one) => one.key === group.id);
      opened = [...picture.open.filter((one) => one.key !== group.id), { key: group.id, from: before && before.to < before.parts ? before.to : 0 }];
      const next = grouping.picture(opened);
      check(view, next);
      const shown = next.open.find((one) => one.key === group.id);
      expect((shown?.to ?? 0) - (shown?.from ?? 0)).toBeGreaterThan(0);
    }
  });

  test('paging through a group shows each of its assets once', () => {
    const view = estate(8, 1_500, 1, 1, 0.1, 0);
    const grouping = new Grouping(view);
    const key = grouping.picture().nodes.toSorted((a, b) => b.members.length - a.members.length)[0]?.id ?? '';
    const all = grouping.picture().nodes.find((one) => one.id === key)?.members.map((one) => one.id) ?? [];
    const seen: string[] = [];
    for (let from = 0; ; ) {
      const picture = grouping.picture([{ key, from }]);
      const open = picture.open[0];
      const apart = new Set(picture.nodes.filter((one) => one.group === null).map((one) => one.id));
      seen.push(...all.filter((id) => apart.has(id)));
      if (!open || open.to >= open.parts) break;
      from = open.to;
    }
    expect(seen.toSorted()).toEqual(all.toSorted());
  });

  test('what fits is drawn as it is', () => expect(drawn(reach).nodes.every((one) => one.group === null)).toBe(true));

  test('the incident, its crown jewels and the ways there stay as they are while they fit, the nearest first', () => {
    const apart = (view: Drawn) => new Set(drawn(view).nodes.filter((one) => one.group === null).map((one) => one.id));
    const few = estate(2, 200, 3, 8, 0.2, 2);
    for (const id of ['n0', ...waysOf(few).toJewels.flat()]) expect(apart(few)).toContain(id);
    const many = estate(3, 2_000, 8, 8, 0.2, 20);
    const ways = waysOf(many).toJewels.map((way) => way.every((id) => apart(many).has(id)));
    expect(ways).toHaveLength(20);
    expect(ways[0]).toBe(true);
    expect(apart(many)).toContain('n0');
    const hidden = drawn(many).nodes.filter((one) => one.group !== null && one.members.some((member) => member.role === 'crown_jewel'));
    expect(hidden.map((one) => one.role)).toEqual(hidden.map(() => 'crown_jewel'));
  });

  test('one of a kind is not called a group', () => {
    for (const [, view] of ESTATES) for (const one of drawn(view).nodes) if (one.group !== null) expect(one.members.length).toBeGreaterThan(1);
  });

  test('two thousand are laid out at once', () => {
    const view = estate(3, 2_000, 8, 8, 1, 20);
    const began = performance.now();
    elementsOf(drawn(view));
    // It takes some fifty milliseconds; the bound is for a machine that is busy with more than this.
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe('arrow keys', () => {
  const places = layoutReach(drawn(reach));
  test('lead to what is that way', () => {
    expect(steer(places, 'web', 'arrowright')).toBe('log');
    expect(steer(places, 'log', 'arrowdown')).toBe('role');
    expect(steer(places, 'role', 'arrowright')).toBe('data');
    expect(steer(places, 'web', 'arrowleft')).toBe('net');
    expect(steer(places, 'net', 'arrowleft')).toBeNull();
  });
  test('start somewhere', () => expect(places.has(steer(places, null, 'arrowup') ?? '')).toBe(true));
  test('reach every node of a large picture', () => {
    const large = layoutReach(drawn(estate(3, 2_000, 8, 8, 0.2, 12)));
    const seen = new Set<string>();
    const waiting = [steer(large, null, 'arrowup') ?? ''];
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      for (const way of ['arrowleft', 'arrowright', 'arrowup', 'arrowdown'] as const) waiting.push(...[steer(large, id, way) ?? []].flat());
    }
    expect(seen.size).toBe(large.size);
  });
});

import type { ReachNode, ReachRole } from '$wire';
import { waysOf, type Drawn } from './ways';

/** Nodes and edges drawn at once: with more, software-rendered WebKitGTK no longer follows the hand. */
export const MOST = 300;
/** What a picture has before anything in it is opened: as much as can be read, and room to open. */
const CALM = 160;
/** While something is opened, how far what it lies in may fill the picture. */
const AROUND = 220;
/** So many that are alike are put together; fewer are drawn one by one. */
const ALIKE = 3;

/** What is put together: of one kind in one account, of one account, or all on this side. */
export type Level = 'kind' | 'account' | 'side';

export interface Group {
  key: string;
  level: Level;
  account: string | null;
  accountName: string | null;
  kind: string | null;
  outside: boolean;
  /** All that belong to it, drawn one by one or not. */
  size: number;
}

/** A group that a person opened, and which of what is in it is shown first. */
export interface Opened {
  key: string;
  from: number;
}

/** One that is drawn: an asset, or what is left of a group. */
export interface DrawnNode {
  id: string;
  role: ReachRole;
  hops: number;
  /** The asset, or the worst in the group. */
  first: ReachNode;
  members: readonly ReachNode[];
  group: Group | null;
}

export interface DrawnEdge {
  from: string;
  to: string;
  hot: boolean;
  /** Pairs of assets that it stands for. */
  count: number;
}

/** A group that is open in the picture. */
export interface Shown extends Group {
  /** Which of its parts are drawn. */
  from: number;
  to: number;
  parts: number;
}

export interface Picture {
  nodes: DrawnNode[];
  edges: DrawnEdge[];
  open: Shown[];
  /** Assets that are drawn as part of a group. */
  grouped: number;
  /** Connections between assets of one group, which no edge can show. */
  within: number;
}

const WORST: Record<ReachRole, number> = { compromised: 3, crown_jewel: 2, neighbour: 1, external: 0 };
const LEVELS = ['kind', 'account', 'side'] as const satisfies readonly Level[];

/**
 * Puts what is alike together so that no more is drawn than can be, and nothing is lost: each asset is
 * a node or a member of one, each connection an edge, part of one, or within a node.
 *
 * The incident's assets and the ways to crown jewels stay as they are as long as they fit, the nearest
 * first. Whatever is opened last has the room.
 */
export class Grouping {
  /** Whether everything fits as it is. */
  readonly isWhole: boolean;
  readonly #nodes: readonly ReachNode[];
  /** Connected pairs, each once, as places in the nodes. */
  readonly #pairs: { from: number; to: number; hot: boolean }[] = [];
  readonly #alone: Int32Array;
  /** Which group each node is in, by level. */
  readonly #of: Record<Level, Int32Array>;
  readonly #groups: Group[] = [];
  readonly #numbers = new Map<string, number>();
  /** What must not be lost in a group, in order. */
  readonly #kept: readonly number[];

  constructor(reach: Drawn) {
    const { hot, toJewels } = waysOf(reach);
    this.#nodes = [...new Map(reach.nodes.map((node) => [node.id, node])).values()];
    const at = new Map(this.#nodes.map((node, index) => [node.id, index]));
    const pairs = new Map<number, { from: number; to: number; hot: boolean }>();
    reach.edges.forEach((edge, index) => {
      const [from, to] = [at.get(edge.from), at.get(edge.to)];
      if (from === undefined || to === undefined) return;
      const known = pairs.get(from * this.#nodes.length + to);
      if (known) known.hot ||= hot.has(index);
      else pairs.set(from * this.#nodes.length + to, { from, to, hot: hot.has(index) });
    });
    this.#pairs = [...pairs.values()];
    const column = (level: Level) => Int32Array.from(this.#nodes, (node) => this.#join(node, level));
    this.#of = { kind: column('kind'), account: column('account'), side: column('side') };
    const own = this.#nodes.flatMap((node, index) => (node.role === 'compromised' ? [index] : []));
    const onWays = toJewels.flat().flatMap((id) => at.get(id) ?? []);
    this.#kept = [...new Set([...own, ...onWays])];
    this.#alone = Int32Array.from(this.#nodes, (_, index) => index);
    this.isWhole = this.#fits(this.#alone, MOST);
  }

  /** What is drawn while these are open, the newest last. */
  picture(opened: readonly Opened[] = []): Picture {
    if (this.isWhole) return this.#draw(this.#alone, []);
    let wanted = opened.filter((one) => this.#numbers.has(one.key));
    const calm = this.#calm();
    for (;;) {
      const newest = wanted.at(-1);
      if (newest === undefined) return this.#draw(calm, []);
      const drawn = this.#opened(calm, wanted);
      const shown = drawn.open.find((one) => one.key === newest.key);
      // Something older that it does not lie in makes room.
      const older = wanted.findIndex((one) => one !== newest && !this.#isIn(newest.key, one.key));
      if (shown && (older < 0 || isRoomy(shown))) return drawn;
      if (older >= 0) wanted = wanted.toSpliced(older, 1);
      else if (drawn.nodes.some((node) => node.group !== null && this.#isIn(newest.key, node.id))) return this.#opened(this.#onlyBeside(newest.key), [newest]);
      else wanted = wanted.slice(0, -1);
    }
  }

  #join(node: ReachNode, level: Level): number {
    const outside = node.role === 'external';
    const account = level === 'side' ? null : node.account;
    const kind = level === 'kind' ? node.kind : null;
    const key = JSON.stringify([level, outside, account, kind]);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#groups.length;
      this.#numbers.set(key, number);
      this.#groups.push({ key, level, outside, account, accountName: null, kind, size: 0 });
    }
    const group = this.#groups[number];
    if (group) {
      group.size += 1;
      if (level !== 'side') group.accountName ??= node.account_name;
    }
    return number;
  }

  /** Whether no more nodes and edges than this are drawn when each node is drawn as that. */
  #fits(as: Int32Array, room: number): boolean {
    const nodes = new Set<number>();
    for (const drawn of as) if (nodes.add(drawn).size > room) return false;
    const edges = new Set<number>();
    const many = this.#nodes.length + this.#groups.length;
    for (const { from, to } of this.#pairs) {
      const [a, b] = [as[from] ?? 0, as[to] ?? 0];
      if (a !== b && edges.add(a * many + b).size > room - nodes.size) return false;
    }
    return true;
  }

  /** The picture before anything is opened: kinds where all that is kept fits beside them, or else accounts and what of it fits. */
  #calm(): Int32Array {
    const at = (level: Level, kept: number): Int32Array => {
      const as = Int32Array.from(this.#of[level], (group) => this.#nodes.length + group);
      for (const index of this.#kept.slice(0, kept)) as[index] = index;
      return as;
    };
    const fits = (level: Level, kept: number): boolean => this.#fits(at(level, kept), CALM);
    const level = fits('kind', this.#kept.length) ? 'kind' : (LEVELS.slice(1).find((one) => fits(one, 0)) ?? 'side');
    return this.#dissolved(at(level, most(this.#kept.length, (kept) => fits(level, kept))));
  }

  /** A group beside two nodes at most: there is room in it. */
  #onlyBeside(key: string): Int32Array {
    const number = this.#numbers.get(key) ?? 0;
    const level = this.#groups[number]?.level ?? 'side';
    return this.#of.side.map((side, index) => this.#nodes.length + (this.#of[level][index] === number ? number : side));
  }

  /** One alone is no group, and two are drawn as they are while there is room. */
  #dissolved(as: Int32Array): Int32Array {
    const members = new Map<number, number[]>();
    as.forEach((drawn, index) => {
      if (drawn >= this.#nodes.length) members.set(drawn, [...(members.get(drawn) ?? []), index]);
    });
    let next = as;
    for (const list of [...members.values()].toSorted((a, b) => a.length - b.length)) {
      if (list.length >= ALIKE) break;
      const tried = next.slice();
      for (const index of list) tried[index] = index;
      if (list.length > 1 && !this.#fits(tried, CALM)) break;
      next = tried;
    }
    return next;
  }

  #opened(calm: Int32Array, opened: readonly Opened[]): Picture {
    let as = calm;
    const open: Shown[] = [];
    opened.forEach((one, place) => {
      const number = this.#numbers.get(one.key);
      const group = number === undefined ? undefined : this.#groups[number];
      if (number === undefined || group === undefined) return;
      const isNewest = place === opened.length - 1;
      const parts = this.#parts(as, this.#nodes.length + number, group, opened.slice(place + 1));
      if (parts.length === 0) return;
      const from = one.from < parts.length ? one.from : 0;
      const shown = (many: number): Int32Array => {
        const next = as.slice();
        for (const part of parts.slice(from, from + many)) for (const index of part.members) next[index] = part.as;
        return next;
      };
      const room = isNewest ? MOST : AROUND;
      const fits = most(parts.length - from, (many) => this.#fits(shown(many), room));
      // What leads to the newest is shown, however little room there is.
      const many = !isNewest && fits === 0 && this.#isIn(opened.at(-1)?.key ?? '', one.key) ? 1 : fits;
      if (many === 0) return;
      as = shown(many);
      open.push({ ...group, from, to: from + many, parts: parts.length });
    });
    return this.#draw(as, open);
  }

  /** What a group falls into: finer groups, or its assets. What leads to something else that is open comes first. */
  #parts(as: Int32Array, drawn: number, group: Group, later: readonly Opened[]): { as: number; members: number[] }[] {
    const members = this.#nodes.flatMap((_, index) => (as[index] === drawn ? [index] : []));
    for (const level of LEVELS.slice(0, LEVELS.indexOf(group.level)).toReversed()) {
      const finer = new Map<number, number[]>();
      for (const index of members) {
        const number = this.#of[level][index] ?? 0;
        finer.set(number, [...(finer.get(number) ?? []), index]);
      }
      if (finer.size < 2) continue;
      const leads = ([number]: [number, number[]]): number => Number(later.some((one) => this.#isIn(one.key, this.#groups[number]?.key ?? '')));
      return [...finer]
        .toSorted((a, b) => leads(b) - leads(a) || b[1].length - a[1].length || a[0] - b[0])
        .map(([number, list]) => ({ as: list.length === 1 ? (list[0] ?? 0) : this.#nodes.length + number, members: list }));
    }
    return members.toSorted((a, b) => this.#order(a, b)).map((index) => ({ as: index, members: [index] }));
  }

  #order(a: number, b: number): number {
    const [one, other] = [this.#nodes[a], this.#nodes[b]];
    if (!one || !other) return 0;
    return WORST[other.role] - WORST[one.role] || one.hops - other.hops || (one.name < other.name ? -1 : one.name > other.name ? 1 : a - b);
  }

  /** Whether one group lies in another, or is it. */
  #isIn(key: string, other: string): boolean {
    const [one, whole] = [key, other].map((known) => this.#groups[this.#numbers.get(known) ?? -1]);
    if (!one || !whole || one.outside !== whole.outside || LEVELS.indexOf(one.level) > LEVELS.indexOf(whole.level)) return false;
    if (whole.level === 'side') return true;
    return one.account === whole.account && (whole.level === 'account' || one.kind === whole.kind);
  }

  #draw(as: Int32Array, open: Shown[]): Picture {
    const members = new Map<number, number[]>();
    as.forEach((drawn, index) => {
      const list = members.get(drawn);
      if (list) list.push(index);
      else members.set(drawn, [index]);
    });
    const nodes = [...members].flatMap(([drawn, indexes]) => {
      const list = indexes.toSorted((a, b) => this.#order(a, b)).flatMap((index) => this.#nodes[index] ?? []);
      const first = list[0];
      const group = this.#groups[drawn - this.#nodes.length] ?? null;
      return first ? [{ id: group?.key ?? first.id, role: first.role, hops: Math.min(...list.map((node) => node.hops)), first, members: list, group }] : [];
    });
    const name = (drawn: number): string => this.#groups[drawn - this.#nodes.length]?.key ?? this.#nodes[drawn]?.id ?? '';
    const edges = new Map<string, DrawnEdge>();
    let within = 0;
    for (const { from, to, hot } of this.#pairs) {
      const [a, b] = [as[from] ?? 0, as[to] ?? 0];
      if (a === b) {
        within += from === to ? 0 : 1;
        continue;
      }
      const known = edges.get(`${a} ${b}`);
      if (known) {
        known.count += 1;
        known.hot ||= hot;
      } else edges.set(`${a} ${b}`, { from: name(a), to: name(b), hot, count: 1 });
    }
    const grouped = nodes.reduce((sum, node) => sum + (node.group === null ? 0 : node.members.length), 0);
    return { nodes, edges: [...edges.values()], open, grouped, within };
  }
}

/** Shows enough to be worth being open beside others. */
function isRoomy(shown: Shown | undefined): boolean {
  return shown !== undefined && (shown.to === shown.parts || shown.to - shown.from >= 24);
}

/** The largest number up to `limit` that fits, as far as halving finds it; 0 need not. */
function most(limit: number, fits: (many: number) => boolean): number {
  if (fits(limit)) return limit;
  let [low, high] = [0, limit];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

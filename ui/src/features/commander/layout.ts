import type { CommandAccount, CommandEdge, CommandNode } from '$wire';

/** An asset where it is drawn, or what no more room is for. */
export interface Placed {
  node: CommandNode;
  x: number;
  y: number;
  /** Characters of a label that fit. */
  fits: number;
}

export interface Box {
  account: CommandAccount;
  x: number;
  y: number;
  width: number;
  height: number;
  placed: Placed[];
  /** Its networks that are known, where there is room for them. */
  vpcs: (Frame & { id: string })[];
  /** Assets that are not drawn. */
  more: number;
}

type Frame = Record<'x' | 'y' | 'width' | 'height', number>;

export interface Picture {
  boxes: Box[];
  /** Accounts that are not drawn. */
  rest: readonly CommandAccount[];
  /** Curves between what is drawn. */
  ways: { from: Placed; to: Placed; toJewel: boolean; path: string }[];
}

const GAP = 12;
const HEAD = 36;
const PAD = 10;
/** Where a box says how much more there is. */
const FOOT = 16;
/** What the line with a network's name takes. */
const VPC_HEAD = 18;
/** Boxes that can be read across a room. */
const MOST_BOXES = 7;
const COLUMN = 86;
const ROW = 66;
export const RADIUS = 15;

/**
 * Where everything is drawn. Where it burns most has the left side; within a box a column is a hop, the
 * worst on top. The same view gives the same picture.
 */
export function layoutCommand(accounts: readonly CommandAccount[], edges: readonly CommandEdge[], width: number, height: number): Picture {
  const shown = accounts.slice(0, MOST_BOXES);
  const places = frames(shown.length, width, height);
  const boxes = shown.flatMap((account, at) => (places[at] ? [fill(account, places[at])] : []));
  const drawn = new Map(boxes.flatMap((box) => box.placed.map((placed) => [placed.node.id, placed] as const)));
  const ways = edges.flatMap((edge) => {
    const from = drawn.get(edge.from);
    const to = drawn.get(edge.to);
    return from && to ? [{ from, to, toJewel: edge.to_jewel, path: curve(from, to) }] : [];
  });
  // What leads to a crown jewel is drawn last, over the rest.
  ways.sort((a, b) => Number(a.toJewel) - Number(b.toJewel));
  return { boxes, rest: accounts.slice(MOST_BOXES), ways };
}

function frames(number: number, width: number, height: number): Frame[] {
  if (number === 0) return [];
  if (number === 1) return [{ x: 0, y: 0, width, height }];
  const first = Math.round((width - GAP) * (number === 2 ? 0.55 : 0.42));
  const left = first + GAP;
  const others = number - 1;
  const columns = others < 3 ? 1 : 2;
  const rows = Math.ceil(others / columns);
  const cell = { width: (width - left - GAP * (columns - 1)) / columns, height: (height - GAP * (rows - 1)) / rows };
  const frame = (at: number): Frame => {
    const column = at % columns;
    // An odd one at the end has the row for itself.
    const wide = at === others - 1 && column === 0 && columns === 2;
    return {
      x: left + column * (cell.width + GAP),
      y: Math.floor(at / columns) * (cell.height + GAP),
      width: wide ? cell.width * 2 + GAP : cell.width,
      height: cell.height,
    };
  };
  return [{ x: 0, y: 0, width: first, height }, ...Array.from({ length: others }, (_, at) => frame(at))];
}

function fill(account: CommandAccount, frame: Frame): Box {
  const inner = { x: frame.x + PAD, y: frame.y + HEAD, width: frame.width - 2 * PAD, height: frame.height - HEAD - FOOT };
  const hops = [...new Set(account.nodes.map((node) => node.hops))].sort((a, b) => a - b);
  const parts = byVpc(account.nodes, hops, inner);
  const placed: Placed[] = [];
  let more = 0;
  for (const part of parts) {
    const column = columns(part.nodes, hops, part);
    placed.push(...column.placed);
    more += column.more;
  }
  const vpcs = parts.flatMap(({ id, nodes: _, ...place }) => (id === null ? [] : [{ id, ...place, y: place.y - VPC_HEAD, height: place.height + VPC_HEAD }]));
  return { account, ...frame, placed, vpcs, more };
}

/** An account's networks one over the other, what is in none of them last; all in one where there is no room. */
function byVpc(nodes: readonly CommandNode[], hops: readonly number[], inner: Frame): (Frame & { id: string | null; nodes: readonly CommandNode[] })[] {
  const ids = [...new Set(nodes.map((node) => node.vpc))].sort((a, b) => Number(a === null) - Number(b === null));
  const groups = ids.map((id) => [id, nodes.filter((node) => node.vpc === id)] as const);
  const whole = [{ id: null, nodes, ...inner }];
  if (!groups.some(([id]) => id !== null)) return whole;
  const tall = groups.map(([, members]) => Math.max(...hops.map((hop) => members.filter((node) => node.hops === hop).length)));
  const heads = groups.filter(([id]) => id !== null).length * VPC_HEAD + (groups.length - 1) * GAP;
  const row = (inner.height - heads) / tall.reduce((sum, rows) => sum + rows, 0);
  const least = (inner.height - heads) / groups.length;
  if (Math.max(row, least) < ROW) return whole;
  // Where not every row fits, each has the same room and says how much more there is.
  const heights = tall.map((rows) => (row < ROW ? least : rows * row));
  let y = inner.y;
  return groups.map(([id, members], at) => {
    const head = id === null ? 0 : VPC_HEAD;
    const height = heights[at] ?? least;
    const part = { id, nodes: members, x: inner.x, y: y + head, width: inner.width, height };
    y += head + height + GAP;
    return part;
  });
}

function columns(nodes: readonly CommandNode[], hops: readonly number[], inner: Frame): { placed: Placed[]; more: number } {
  const most = Math.max(1, Math.floor(inner.width / COLUMN));
  const high = Math.max(1, Math.floor(inner.height / ROW));
  const number = Math.min(most, hops.length);
  const columnOf = (node: CommandNode): number => Math.min(number - 1, hops.indexOf(node.hops));
  const placed: Placed[] = [];
  let more = 0;
  for (let column = 0; column < number; column += 1) {
    const here = nodes.filter((node) => columnOf(node) === column);
    const drawn = here.slice(0, high);
    more += here.slice(high).reduce((sum, node) => sum + node.count, 0);
    drawn.forEach((node, row) => {
      placed.push({
        node,
        x: inner.x + ((column + 0.5) * inner.width) / number,
        y: inner.y + ((row + 0.5) * inner.height) / drawn.length - 8,
        fits: Math.max(6, Math.floor(inner.width / number / 6.4)),
      });
    });
  }
  return { placed, more };
}

/** From the side of one to the side of the other. */
function curve(from: Placed, to: Placed): string {
  const side = Math.sign(to.x - from.x) || 1;
  const [x1, y1] = [from.x + side * RADIUS, from.y];
  const same = Math.abs(to.x - from.x) < 1;
  const [x2, y2] = [to.x + (same ? side : -side) * (RADIUS + 3), to.y];
  const bend = same ? 46 : Math.max(24, Math.abs(x2 - x1) / 2);
  const round = (value: number): string => value.toFixed(1);
  return `M${round(x1)} ${round(y1)} C${round(x1 + side * bend)} ${round(y1)} ${round(x2 + (same ? side : -side) * bend)} ${round(y2)} ${round(x2)} ${round(y2)}`;
}

/** The area under how far everything reached, in a box of these sizes; a step holds until the next. */
export function areaOf(points: readonly { at: string; assets: number }[], from: number, to: number, width: number, height: number): { line: string; area: string } {
  const most = Math.max(1, ...points.map((point) => point.assets));
  const x = (at: number): number => ((Math.min(to, Math.max(from, at)) - from) / Math.max(1, to - from)) * width;
  const y = (assets: number): number => height - 2 - (assets / most) * (height - 6);
  let line = '';
  for (const point of points) {
    const at = x(Date.parse(point.at)).toFixed(1);
    line += line === '' ? `M${at} ${y(point.assets).toFixed(1)}` : ` H${at} V${y(point.assets).toFixed(1)}`;
  }
  if (line === '') return { line, area: '' };
  const first = x(Date.parse(points[0]?.at ?? '')).toFixed(1);
  line += ` H${width}`;
  return { line, area: `${line} V${height} H${first} Z` };
}

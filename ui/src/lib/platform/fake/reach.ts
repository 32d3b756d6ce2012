import type { QueueRow, ReachEdge, ReachNode, ReachView } from '$wire';
import { pick, randomFrom } from './random';

/** Incidents whose reach is larger than the others', with how many assets. */
const LARGE: Record<string, number> = { inc_0007: 20, inc_0008: 200, inc_0010: 2_000 };
const KINDS = ['instance', 'role', 'bucket', 'database', 'function', 'volume', 'security group', 'secret'] as const;
const TEAMS = ['store', 'data', 'media', 'ci', 'search', 'billing', 'mail', 'lab'] as const;
const WAYS = { instance: 'port 22 open to it', role: 'may assume it', bucket: 'can read it', database: 'port 5432 open to it', function: 'may invoke it', volume: 'can mount it', 'security group': 'member of the group', secret: 'may read it' } as const;
/** Listed at most, as by the real host. */
const LISTED = 2_000;

type Place = Pick<ReachNode, 'account' | 'account_name'>;

export function inventReach(row: QueueRow, asset: string, name: string): ReachView {
  const here: Place = { account: row.account, account_name: row.account_name };
  const size = LARGE[row.id];
  return size === undefined ? small(asset, name, here) : large(size, asset, name, here);
}

function small(asset: string, name: string, here: Place): ReachView {
  const node = (id: string, kind: string, role: ReachNode['role'], hops: number, label = id): ReachNode => ({ id, name: label, kind, role, hops, ...(role === 'external' ? { account: null, account_name: null } : here) });
  return {
    assets: 7,
    crown_jewels: 1,
    unlisted: 0,
    hops: 4,
    goes_on: false,
    nodes: [
      node('45.9.148.21', 'address', 'external', 1),
      node(asset, 'instance', 'compromised', 0, name),
      node('role/web-node', 'role', 'neighbour', 1, 'role web-node'),
      node('customer-exports', 'bucket', 'crown_jewel', 2),
      node('sg-web', 'security group', 'neighbour', 1, 'sg-web (6)'),
      node('cart-api', 'service', 'neighbour', 2, 'cart-api ×4'),
      node('session-db', 'database', 'neighbour', 2),
      node('log-shipper', 'instance', 'neighbour', 1),
      node('vol-0a41', 'volume', 'neighbour', 1),
    ],
    edges: [
      edge('45.9.148.21', asset, 'network', 'port 443 open to 0.0.0.0/0 through store-alb'),
      edge(asset, 'role/web-node', 'identity', 'instance profile web-node', 'aws'),
      edge('role/web-node', 'customer-exports', 'data', 'role web-node can read it', 'aws'),
      edge(asset, 'sg-web', 'network', 'member of the group'),
      edge('sg-web', 'cart-api', 'network', 'port 8080 open within the group'),
      edge('sg-web', 'session-db', 'network', 'port 5432 open to sg-web'),
      edge(asset, 'log-shipper', 'network', 'port 514 to 10.4.2.9'),
      edge(asset, 'vol-0a41', 'mounts', 'attached as /dev/xvda', 'aws'),
    ],
  };
}

/** So many assets within four hops, in as many accounts as such an estate has; a hundredth are crown jewels. */
function large(size: number, asset: string, name: string, here: Place): ReachView {
  const random = randomFrom(size);
  const accounts = size < 100 ? 2 : size < 1_000 ? 3 : 8;
  const nodes: ReachNode[] = [{ id: asset, name, kind: 'instance', role: 'compromised', hops: 0, ...here }];
  const edges: ReachEdge[] = [];
  for (const at of [1, 2, 3].slice(0, size < 100 ? 1 : 3)) {
    const id = `45.9.148.${20 + at}`;
    nodes.push({ id, name: id, kind: 'address', role: 'external', hops: 1, account: null, account_name: null });
    edges.push(edge(id, asset, 'network', 'port 443 open to 0.0.0.0/0'));
  }
  // Who leads on: a few of them to many.
  const hubs: ReachNode[] = nodes.slice(0, 1);
  const jewels = Math.max(1, Math.round(size / 100));
  while (nodes.length < size) {
    const number = nodes.length;
    const from = hubs[Math.floor(random() ** 1.5 * hubs.length)] ?? hubs[0];
    if (!from) break;
    const kind = pick(random, KINDS);
    const team = random() < 0.8 && from.hops > 0 ? TEAMS.findIndex((known) => from.account_name === `acme-${known}`) : Math.floor(random() * accounts);
    const account = TEAMS[Math.max(0, team)] ?? 'store';
    const jewel = number >= 8 && number % Math.floor(size / jewels) === 8;
    const called = `${jewel ? 'customer-exports' : account}-${kind.replace(' ', '-')}-${number}`;
    const made: ReachNode = {
      id: `${kind}/${called}`,
      name: number === 12 ? 'exports\u202egpj.exe <b>x</b>' : called,
      kind,
      role: jewel ? 'crown_jewel' : 'neighbour',
      hops: from.hops + 1,
      account: String(100_000_000_000 + 37 * Math.max(0, team)),
      account_name: `acme-${account}`,
    };
    nodes.push(made);
    edges.push(edge(from.id, made.id, 'network', `${WAYS[kind]} by ${from.name}`));
    if (random() < 0.2) {
      const other = nodes[1 + Math.floor(random() * (nodes.length - 2))];
      if (other && other.role !== 'external' && other.hops >= made.hops) edges.push(edge(made.id, other.id, 'identity', 'trusts it', 'aws'));
    }
    if (made.hops < 4 && (kind === 'role' || kind === 'instance' || kind === 'function') && hubs.length < 1 + size / 12) hubs.push(made);
  }
  const beyond = size === LISTED ? 3_184 : 0;
  return { assets: nodes.filter((node) => node.hops > 0 && node.role !== 'external').length + beyond, crown_jewels: nodes.filter((node) => node.role === 'crown_jewel').length, unlisted: beyond, hops: 4, goes_on: size > 100, nodes, edges };
}

function edge(from: string, to: string, kind: string, reason: string, source = 'wiz'): ReachEdge {
  return { from, to, kind, reason, source };
}

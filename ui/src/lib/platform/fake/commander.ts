import type { CommandAccount, CommandEdge, CommandNode, CommandQuery, CommandRole, CommandView, ExportedFile, QueueRow, Target } from '$wire';
import { OPEN_STATES } from '../../words/labels';
import { compareRows } from '../../state/queue-order';
import type { FakeHost } from './host';
import { TARGETS } from './incidents';

const SHOWN = 14;

/** Answers what burns, and keeps what is promised. */
export class CommandDesk {
  readonly #host: FakeHost;
  targets: Target[] = [...TARGETS];

  constructor(host: FakeHost) {
    this.#host = host;
  }

  async view({ since }: CommandQuery): Promise<CommandView> {
    if (this.#host.scenario === 'loading') return new Promise(() => {});
    return { ...inventCommand(this.#host.rows, since ?? null), targets: this.targets };
  }

  async export(): Promise<ExportedFile> {
    const at = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    return { path: `/home/${this.#host.snapshot.user}/Downloads/firebreak-what-burns-${at}.pdf`, bytes: 96_412, sha256: '77c0d18e'.repeat(8) };
  }

  async promise(targets: readonly Target[]): Promise<Target[]> {
    this.targets = this.targets.map((known) => targets.find((target) => target.severity === known.severity) ?? known);
    return this.targets;
  }
}

/** What is known of networks: machines are in one, keys, roles and buckets in none. */
const VPC_OF: Partial<Record<string, string>> = { instance: 'vpc-0f3a9c7d1e2b45680', service: 'vpc-0f3a9c7d1e2b45680', database: 'vpc-0b71d2c4e5f60a913' };

/** What burns, invented from the rows: every open one's asset, and things around it. */
export function inventCommand(rows: readonly QueueRow[], since: string | null): CommandView {
  const now = Date.now();
  const open = rows.filter((row) => OPEN_STATES.includes(row.state)).toSorted(compareRows);
  const shown = open.slice(0, SHOWN);
  const accounts = new Map<string, CommandAccount>();
  const edges: CommandEdge[] = [];
  const node = (id: string, name: string, kind: string, role: CommandRole, hops: number, count = 1, incidents: string[] = []): CommandNode => ({ id, name, kind, region: 'eu-west-1', vpc: hops > 0 || id.startsWith('i-') ? (VPC_OF[kind] ?? null) : null, role, hops, count, incidents });
  for (const [at, row] of shown.entries()) {
    const key = row.account ?? 'none';
    const account = accounts.get(key) ?? { account: row.account, name: row.account_name, severity: null, incidents: 0, nodes: [] };
    accounts.set(key, account);
    account.incidents += 1;
    const over = row.state === 'contained' || at === 4;
    if (!over) account.severity ??= row.severity;
    const id = `${row.asset ?? row.id}`;
    if (account.nodes.some((known) => known.id === id)) continue;
    account.nodes.push(node(id, row.asset_name ?? row.asset ?? 'unknown', row.asset?.startsWith('AKIA') ? 'access key' : 'instance', over ? 'contained' : 'compromised', 0, 1, [row.label]));
    if (over) continue;
    const near = at === 0
      ? [node(`${id}/role`, 'role web-node', 'role', 'on_path', 1), node(`${id}/jewel`, 'customer-exports', 'bucket', 'crown_jewel', 2), node(`${id}/cart`, 'cart-api', 'service', 'reachable', 1, 4), node(`${id}/db`, 'session-db', 'database', 'reachable', 2)]
      : at % 2 === 0 ? [node(`${id}/near`, at === 2 ? 'exports‮gpj <b>x</b>' : 'registry', 'registry', 'reachable', 1, at === 2 ? 1 : 14)] : [];
    account.nodes.push(...near);
    for (const to of near) {
      const from = to.hops === 2 ? `${id}/role` : id;
      edges.push({ from, to: to.id, to_jewel: at === 0 && (to.role === 'on_path' || to.role === 'crown_jewel') });
    }
  }
  const list = [...accounts.values()].sort((a, b) => b.incidents - a.incidents);
  const hot = list.findIndex((account) => account.nodes.some((known) => known.role === 'crown_jewel'));
  if (hot > 0) list.unshift(...list.splice(hot, 1));
  for (const account of list) account.nodes.sort((a, b) => a.hops - b.hops);
  const nodes = list.flatMap((account) => account.nodes);
  const reached = nodes.filter((known) => known.hops > 0).reduce((sum, known) => sum + known.count, 0);
  const count = (role: CommandRole): number => nodes.filter((known) => known.role === role).length;
  const point = (minutes: number, assets: number, jewels: number) => ({ at: new Date(now - minutes * 60_000).toISOString(), assets, crown_jewels: jewels, compromised: 7, contained: 1 });
  const doing = ['step 1 waits for 2 signatures', 'step 1 is signed and waits to be run', 'step 2 is running', 'no plan', 'contained, every needed step proven'];
  return {
    at: new Date(now).toISOString(),
    open: open.length,
    shown: shown.length,
    past_due: open.filter((row) => row.clock !== null && Date.parse(row.clock.due) < now).length,
    compromised: count('compromised') + count('contained'),
    contained: count('contained'),
    assets: open.length === 0 ? 0 : reached,
    crown_jewels: count('crown_jewel'),
    hops: 4,
    goes_on: false,
    to_acknowledge: open.length === 0 ? null : 112,
    to_contain: open.length === 0 ? null : 550,
    targets: [...TARGETS],
    accounts: list,
    edges,
    incidents: shown.map((row, at) => ({ row, doing: doing[at % doing.length] ?? '' })),
    reach: open.length === 0 ? [] : [point(400, 4, 0), point(352, 9, 1), point(280, 31, 3), point(220, 40, 3), point(130, 33, 2), point(61, 29, 1), point(18, reached, count('crown_jewel'))],
    since: since === null ? null : {
      at: since,
      opened: 3,
      contained: 1,
      ended: 2,
      before: point(61, 40, 3),
      deeds: shown.slice(0, 3).map((row, at) => ({ at: new Date(now - (at + 2) * 300_000).toISOString(), incident: row.id, label: row.label, kind: 'decision' as const, actor: 'mo', text: ['Signed step 1; one more signature is needed', 'Deactivate key AKIA…7Q2F: proven, 2 of 2 checks', 'new → triaged'][at] ?? '' })),
    },
  };
}

import type { ClockView, IncidentState, QueueCounts, QueuePage, QueueQuery, QueueRow, Severity, Target } from '$wire';
import { COMPARE, matchesQuery } from '../../state/queue-order';
import { OPEN_STATES } from '../../words/labels';
import { hex, pick, randomFrom } from './random';

interface Kind {
  title: string;
  technique: string;
  severity: Severity;
  asset: (id: string) => [string, string | null];
}

const KINDS: readonly [Kind, ...Kind[]] = [
  { title: 'Crypto-miner on a production web node', technique: 'T1496', severity: 'critical', asset: (id) => [`i-0${id}`, 'web-7'] },
  { title: 'Access key used from a new country, then ListBuckets', technique: 'T1078.004', severity: 'critical', asset: () => ['AKIAEXAMPLE7Q2FDEPLY', 'deploy-bot'] },
  { title: 'Customer exports bucket readable by anyone', technique: 'T1530', severity: 'critical', asset: () => ['customer-exports', null] },
  { title: 'Reverse shell from a build container', technique: 'T1059', severity: 'high', asset: (id) => [`i-0${id}`, 'build-runner-5d9f'] },
  { title: 'Role trust lets any account in', technique: 'T1098', severity: 'high', asset: () => ['role/legacy-etl', null] },
  { title: 'Lambda calls out to a known command-and-control address', technique: 'T1071', severity: 'high', asset: () => ['fn/thumbnailer', null] },
  { title: 'SSH opened to the world on a database host', technique: 'T1133', severity: 'high', asset: (id) => [`sg-0${id.slice(0, 5)}`, 'pg-primary'] },
  { title: 'Console login without MFA by an administrator', technique: 'T1078', severity: 'medium', asset: () => ['user/k.brandt', null] },
  { title: 'Unusual volume of GetSecretValue', technique: 'T1555', severity: 'medium', asset: () => ['role/payments', null] },
  { title: 'Container escaped its namespace (blocked)', technique: 'T1611', severity: 'medium', asset: () => ['pod/cart-66f', null] },
  { title: 'Snapshot shared with an unknown account', technique: 'T1537', severity: 'medium', asset: (id) => [`snap-0${id}`, null] },
  { title: 'Instance metadata v1 read by a web process', technique: 'T1552.005', severity: 'medium', asset: (id) => [`i-0${id}`, 'api-3'] },
  { title: 'Port scan from an internal scanner', technique: 'T1046', severity: 'low', asset: () => ['10.4.0.0/16', null] },
  { title: 'CloudTrail stopped and started again', technique: 'T1562', severity: 'low', asset: () => ['trail/org', null] },
  { title: 'Root used for billing in the expected window', technique: 'T1078', severity: 'informational', asset: () => ['root', null] },
];

const ACCOUNTS: readonly [[string, string | null], ...[string, string | null][]] = [
  ['123456789012', 'acme-staging'],
  ['210987654321', 'acme-store'],
  ['345678901234', 'acme-data'],
  ['456789012345', 'acme-media'],
  ['567890123456', 'acme-ci'],
  ['678901234567', null],
];
const OWNERS: readonly [string | null, ...(string | null)[]] = [null, null, null, null, 'mo', 'j.larsen', 'a.kowalski'];
const STATES: readonly [IncidentState, ...IncidentState[]] = [
  'new', 'new', 'new', 'triaged', 'planned', 'planned', 'containing', 'contained', 'closed', 'false_positive',
];
const REGIONS: readonly [string, ...string[]] = ['eu-central-1', 'eu-west-1', 'us-east-1'];

/** The row with the given number; the first fifteen are one of each kind, as in the sketch. */
export function inventRow(number: number, minutesAgo: number): QueueRow {
  const random = randomFrom(number * 7919);
  const kind = KINDS[number < KINDS.length ? number : number % 67 === 0 ? 1 : 3 + Math.floor((1 - random() ** 1.4) * (KINDS.length - 3))] ?? KINDS[14] ?? KINDS[0];
  const [account, accountName] = number < 3 ? (ACCOUNTS[number] ?? ACCOUNTS[0]) : pick(random, ACCOUNTS);
  const [asset, assetName] = kind.asset(hex(random, 8));
  const state = number < 12 ? (['planned', 'new', 'containing', 'new'] as const)[number % 4] : number % 29 === 13 ? 'snoozed' : pick(random, STATES);
  const total = 2 + Math.floor(random() * 3);
  const proven = state === 'contained' ? total : state === 'containing' ? 1 : 0;
  const opened = new Date(Date.now() - minutesAgo * 60_000 - number * 13_000).toISOString();
  return {
    id: `inc_${String(number).padStart(4, '0')}`,
    label: `INC-${2041 - number}`,
    title: number === 9 ? 'Container “cart\u202egpj.exe” <b>escaped</b> its namespace (blocked)' : kind.title,
    severity: number === 41 ? 'unknown' : kind.severity,
    state: state ?? 'new',
    owner: number === 0 || number === 4 ? 'mo' : pick(random, OWNERS),
    handed_over: number === 4,
    asset,
    asset_name: assetName,
    account,
    account_name: accountName,
    region: pick(random, REGIONS),
    techniques: number === 0 ? ['T1496', 'T1190', 'T1552.005'] : [kind.technique],
    sources: ['wiz'],
    finding_count: 1 + Math.floor(random() * 5),
    opened_at: opened,
    updated_at: opened,
    clock: inventClock(kind.severity, state ?? 'new', opened, number),
    snoozed_until: state === 'snoozed' ? new Date(Date.now() + (2 + (number % 40)) * 3_600_000).toISOString() : null,
    steps_proven: proven,
    steps_total: total,
  };
}

/** Minutes to take on and to contain. */
export const TARGETS: readonly Target[] = [
  { severity: 'critical', acknowledge: 15, contain: 60 },
  { severity: 'high', acknowledge: 60, contain: 240 },
  { severity: 'medium', acknowledge: 480, contain: 1_440 },
  { severity: 'unknown', acknowledge: 480, contain: 1_440 },
  { severity: 'low', acknowledge: 1_440, contain: 4_320 },
  { severity: 'informational', acknowledge: 4_320, contain: 10_080 },
];

/** The clock of an incident in this state. */
export function inventClock(severity: Severity, state: IncidentState, opened: string, number = 1): ClockView | null {
  if (!OPEN_STATES.includes(state) || state === 'contained') return null;
  const target = TARGETS.find((known) => known.severity === severity);
  const goal = state === 'new' && number % 2 === 1 ? 'acknowledge' : 'contain';
  const minutes = goal === 'acknowledge' ? (target?.acknowledge ?? 60) : (target?.contain ?? 240);
  return { goal, due: new Date(Date.parse(opened) + minutes * 60_000).toISOString() };
}

/** A queue to look at: mostly fresh, with a tail of several days. */
export function inventQueue(size: number): QueueRow[] {
  return Array.from({ length: size }, (_, number) => inventRow(number, 2 + number * number * 0.05 + number * 3));
}

/** What the tabs say of these rows. */
export function countsOf(rows: readonly QueueRow[]): QueueCounts {
  const open = rows.filter((row) => OPEN_STATES.includes(row.state));
  const inState = (state: IncidentState): number => rows.filter((row) => row.state === state).length;
  return {
    open: open.length,
    unowned: open.filter((row) => row.owner === null).length,
    critical: open.filter((row) => row.severity === 'critical').length,
    containing: inState('containing'),
    contained: inState('contained'),
    snoozed: inState('snoozed'),
    all: rows.length,
  };
}

/** The rows that a query asks for, from where it asks. */
export function pageOf(all: readonly QueueRow[], query: QueueQuery, user: string): QueuePage {
  const matching = all.filter((row) => matchesQuery(row, query, user)).toSorted(COMPARE[query.order ?? 'severity']);
  const from = query.after ? matching.findIndex((row) => row.id === query.after) + 1 : (query.skip ?? 0);
  const rows = matching.slice(from, from + (query.limit ?? 200));
  const more = from + rows.length < matching.length;
  return { rows, matching: matching.length, more_match: false, total: all.length, next: more ? (rows.at(-1)?.id ?? null) : null };
}

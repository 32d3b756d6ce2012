import type { SourceView } from '$wire';
import { randomFrom } from './random';
import type { Scenario } from './workspace';

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
const ahead = (seconds: number): string => ago(-seconds);
const DAY = 86_400;

function hours(seed: number, busy: number): number[] {
  const random = randomFrom(seed);
  return Array.from({ length: 24 }, (_, hour) => Math.round(busy * (0.25 + 0.75 * Math.sin((hour / 24) * Math.PI) ** 2) * random()));
}

/** A source that works, with only what a case is about changed. */
export function inventSource(name: string, vendor: string, title: string, change: Partial<SourceView> = {}): SourceView {
  return {
    name,
    vendor,
    vendor_title: title,
    api_url: `http://127.0.0.1:41001/${vendor}`,
    auth_url: vendor === 'wiz' ? 'http://127.0.0.1:41001/oauth/token' : '',
    client_id: vendor === 'orca' ? '' : 'sandbox-client',
    settings: { lookback_days: '7', page_size: '100' },
    health: 'ok',
    problem: null,
    remedy: null,
    last_success: ago(4),
    next_poll: ahead(26),
    polling: true,
    alerts_total: 1284,
    alerts_unread: 0,
    per_hour: hours(name.length * 37 + vendor.length, 48),
    cursor: ago(9),
    failures: 0,
    breaker_open: false,
    budget: { limit: 180, period_seconds: 60, left: 164, blocked_until: null },
    backfill: null,
    can_write: true,
    writes_waiting: 0,
    can_backfill: true,
    can_reset: true,
    ...change,
  };
}

export function wiz(scenario: Scenario): SourceView {
  const base = inventSource('wiz', 'wiz', 'Wiz', { can_write: scenario !== 'phase1' });
  if (scenario === 'degraded') {
    return { ...base, health: 'failed', last_success: ago(610), problem: 'The client secret was refused (401).', remedy: 'Make a new secret in Wiz under Settings, Service Accounts, and add the source again.' };
  }
  if (scenario === 'keychain') {
    return { ...base, health: 'failed', last_success: ago(95), problem: 'The keychain is locked, so the client secret can’t be read.', remedy: 'Unlock the keychain; polling goes on by itself.' };
  }
  return base;
}

const prisma = (name: string, change: Partial<SourceView> = {}): SourceView => inventSource(name, 'prisma', 'Prisma Cloud', { settings: { lookback_days: '7', page_size: '100', compute_url: 'https://eu.cloud.twistlock.com/acme' }, ...change });
const lacework = (name: string, change: Partial<SourceView> = {}): SourceView =>
  inventSource(name, 'lacework', 'Lacework FortiCNAPP', { budget: { limit: 480, period_seconds: 3600, left: 402, blocked_until: null }, per_hour: hours(5, 9), alerts_total: 96, ...change });
const orca = (name: string, change: Partial<SourceView> = {}): SourceView => inventSource(name, 'orca', 'Orca Security', { per_hour: hours(11, 20), alerts_total: 410, budget: null, ...change });

/** One source in each state there is, so that all can be looked at side by side. */
function everyState(): SourceView[] {
  return [
    wiz('full'),
    prisma('prisma-eu', {
      health: 'degraded',
      problem: 'The answer was cut after 1,310 bytes; the page was not taken.',
      remedy: 'Nothing to do: it is asked again with growing pauses.',
      last_success: ago(312),
      cursor: ago(320),
      next_poll: ahead(47),
      failures: 2,
      budget: { limit: 180, period_seconds: 60, left: 12, blocked_until: null },
      alerts_total: 20_418,
      alerts_unread: 3,
    }),
    lacework('lacework', { budget: { limit: 480, period_seconds: 3600, left: 0, blocked_until: ahead(1460) }, next_poll: ahead(1460), last_success: ago(132), cursor: ago(140), writes_waiting: 3 }),
    orca('orca', {
      backfill: { since: ago(30 * DAY), seen_until: ago(11.5 * DAY), pages: 212, alerts: 18_903, started_at: ago(140), ended_at: null, outcome: null, running: true },
      alerts_total: 19_313,
    }),
    orca('orca-au', {
      health: 'failed',
      problem: 'The token was refused (403): this key may not read alerts.',
      remedy: 'Give the service token the role “Viewer” under Settings, Users and Permissions, then test the connection.',
      last_success: ago(3 * 3600),
      cursor: ago(3 * 3600),
      next_poll: ahead(251),
      failures: 31,
      breaker_open: true,
      per_hour: hours(13, 14).map((count, hour) => (hour > 20 ? 0 : count)),
    }),
    lacework('lacework-dev', {
      health: 'degraded',
      problem: 'No answer within 20 s.',
      remedy: 'Check that this machine reaches acme-dev.lacework.net; it is tried again by itself.',
      last_success: ago(2200),
      cursor: ago(2210),
      next_poll: ahead(204),
      failures: 7,
      breaker_open: true,
      backfill: { since: ago(90 * DAY), seen_until: ago(61 * DAY), pages: 40, alerts: 377, started_at: ago(9000), ended_at: null, outcome: null, running: false },
    }),
    prisma('prisma-gov', { polling: false, next_poll: null, last_success: ago(2 * DAY), cursor: ago(2 * DAY), per_hour: Array<number>(24).fill(0), can_write: false, alerts_total: 7_220 }),
    wizGov(),
    queue(),
  ];
}

function queue(): SourceView {
  const settings = { region: 'eu-central-1', format: 'mapped', mapping: '{\n  "version": 1,\n  "fields": {\n    "vendor_id": "/id",\n    "title": "/name"\n  }\n}' };
  return inventSource('alerts-queue', 'sqs', 'Amazon SQS queue', { settings, api_url: 'https://sqs.eu-central-1.amazonaws.com/123456789012/alerts', budget: null, can_write: false, can_backfill: false, can_reset: false });
}

function wizGov(): SourceView {
  return inventSource('wiz-gov', 'wiz', 'Wiz', { health: 'never_polled', last_success: null, cursor: null, next_poll: ahead(3), alerts_total: 0, per_hour: Array<number>(24).fill(0), budget: null, can_write: false });
}

/** What a workspace has connected in the given situation. */
export function inventSources(scenario: Scenario): SourceView[] {
  if (scenario === 'first-run') return [];
  if (scenario === 'sources') return everyState();
  if (scenario === 'degraded' || scenario === 'keychain') return [wiz(scenario)];
  const write = { can_write: scenario !== 'phase1' };
  return [wiz(scenario), prisma('prisma-eu', { ...write, last_success: ago(11) }), lacework('lacework', write), orca('orca', { can_write: false })];
}

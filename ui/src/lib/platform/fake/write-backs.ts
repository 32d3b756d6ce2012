import type { WriteBackStatusView, WriteBackView } from '$wire';

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

function order(number: number, source: string, state: WriteBackView['state'], change: Partial<WriteBackView> = {}): WriteBackView {
  return {
    id: `wb_${number}`,
    source,
    vendor_id: `8a1f02c4-77d0-4e1b-a0c${number}-5f2c91ab0d77`,
    status: 'in_progress',
    comment: 'We have it: the node is being isolated. Case INC-2041.',
    state,
    attempts: 1,
    note: null,
    asked_by: 'mo',
    asked_at: ago(40 + number * 180),
    next_try: null,
    ended_at: state === 'waiting' ? null : ago(30 + number * 170),
    ...change,
  };
}

/** One order in each state there is. */
export function inventWriteBacks(): WriteBackView[] {
  return [
    order(1, 'lacework', 'waiting', { attempts: 3, note: 'The last attempt was answered 503 Service Unavailable.', next_try: ago(-134) }),
    order(2, 'wiz', 'written'),
    order(3, 'wiz', 'already_so', { status: 'in_progress' }),
    order(4, 'prisma-eu', 'impossible', { status: 'resolved', note: 'Prisma Cloud resolves policy alerts itself once the resource is right; a client can only dismiss them.' }),
    order(5, 'wiz', 'failed', { status: 'resolved', attempts: 6, note: 'Refused (403). Give the service account update:issues in Wiz, then tell it again.' }),
    order(6, 'lacework', 'withdrawn', { status: 'false_positive', comment: 'Load test of the media team.', attempts: 0 }),
  ];
}

/** Fresh orders, one a finding's source. */
export function inventOrders(sources: readonly string[], status: WriteBackStatusView | null, comment: string, user: string): WriteBackView[] {
  return sources.map((source, index) => ({
    ...order(10 + index, source, 'waiting'),
    id: `wb_${Date.now()}_${index}`,
    status,
    comment,
    attempts: 0,
    asked_by: user,
    asked_at: new Date().toISOString(),
    next_try: new Date().toISOString(),
  }));
}

import type {
  CallStatus,
  Cause,
  Environment,
  FindingStatus,
  IncidentState,
  ProofOutcome,
  QueueRow,
  Severity,
  StepState,
  WriteBackStateView,
  WriteBackStatusView,
} from '$wire';

/** Severity is shape and colour: never colour alone. */
export const SEVERITY: Record<Severity, { label: string; glyph: string; tone: string; rank: number }> = {
  critical: { label: 'Critical', glyph: '▲', tone: 'crit', rank: 0 },
  high: { label: 'High', glyph: '▲', tone: 'high', rank: 1 },
  medium: { label: 'Medium', glyph: '◆', tone: 'med', rank: 2 },
  low: { label: 'Low', glyph: '●', tone: 'low', rank: 3 },
  informational: { label: 'Info', glyph: '○', tone: 'info', rank: 4 },
  unknown: { label: 'Unknown', glyph: '?', tone: 'info', rank: 5 },
};
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'informational', 'unknown'];

export const INCIDENT_STATE: Record<IncidentState, string> = {
  new: 'New',
  triaged: 'Triaged',
  planned: 'Planned',
  containing: 'Containing',
  contained: 'Contained',
  snoozed: 'Snoozed',
  closed: 'Closed',
  false_positive: 'False positive',
};
export const INCIDENT_STATES: readonly IncidentState[] = [
  'new',
  'triaged',
  'planned',
  'containing',
  'contained',
  'snoozed',
  'closed',
  'false_positive',
];
export const OPEN_STATES: readonly IncidentState[] = ['new', 'triaged', 'planned', 'containing', 'contained'];

/** Why a false positive was one. */
export const CAUSE: Record<Cause, { label: string; hint: string }> = {
  expected_activity: { label: 'Expected activity', hint: 'It happened, and somebody was entitled to it.' },
  test: { label: 'A test of ours', hint: 'A drill, a penetration test, a scanner.' },
  rule_too_broad: { label: 'Rule too broad', hint: 'It fires on what is harmless.' },
  missing_context: { label: 'Missing context', hint: 'The rule did not know something about the asset.' },
  accepted_risk: { label: 'Accepted risk', hint: 'True, known, and accepted.' },
  wrong_data: { label: 'Wrong data', hint: 'What the source said is not so.' },
};
export const CAUSES: readonly Cause[] = ['expected_activity', 'test', 'rule_too_broad', 'missing_context', 'accepted_risk', 'wrong_data'];

export const FINDING_STATUS: Record<FindingStatus, string> = {
  new: 'new',
  in_progress: 'in progress',
  suppressed: 'suppressed',
  resolved: 'resolved',
  unknown: 'status unknown',
};

export const ENVIRONMENT: Record<Environment, string> = {
  production: 'production',
  staging: 'staging',
  development: 'development',
  unknown: 'environment unknown',
};

export const PROOF: Record<ProofOutcome, { label: string; glyph: string; tone: string }> = {
  proven: { label: 'proven', glyph: '✓', tone: 'proven' },
  refuted: { label: 'refuted', glyph: '✕', tone: 'refuted' },
  unknown: { label: 'unknown', glyph: '?', tone: 'unknown' },
};

/** What a step's state is called, and the tone it is drawn in. Grey unless something was learnt. */
export const STEP_STATE: Record<StepState, { label: string; tone: string; glyph: string }> = {
  proposed: { label: 'proposed', tone: 'plain', glyph: '' },
  approved: { label: 'signed, ready to run', tone: 'ready', glyph: '' },
  running: { label: 'running', tone: 'busy', glyph: '' },
  dispatched: { label: 'sent, not yet proven', tone: 'unknown', glyph: '?' },
  proven: { label: 'proven', tone: 'proven', glyph: '✓' },
  refuted: { label: 'refuted', tone: 'refuted', glyph: '✕' },
  unknown: { label: 'outcome unknown', tone: 'unknown', glyph: '?' },
  failed: { label: 'failed', tone: 'refuted', glyph: '✕' },
  rejected: { label: 'rejected', tone: 'plain', glyph: '' },
  undoing: { label: 'undoing', tone: 'busy', glyph: '' },
  undone: { label: 'undone', tone: 'plain', glyph: '↩' },
  refused: { label: 'refused', tone: 'refuted', glyph: '✕' },
};

export const CALL_STATUS: Record<CallStatus, { label: string; tone: string; glyph: string }> = {
  waiting: { label: 'waiting', tone: 'plain', glyph: '·' },
  in_flight: { label: 'sent, no answer yet', tone: 'busy', glyph: '…' },
  dispatched: { label: 'accepted', tone: 'done', glyph: '●' },
  failed: { label: 'failed', tone: 'refuted', glyph: '✕' },
  unknown: { label: 'may have happened', tone: 'unknown', glyph: '?' },
  not_sent: { label: 'not sent', tone: 'plain', glyph: '–' },
};

/** What became of an order to tell a source something. Green only where the source says so now. */
export const WRITE_BACK: Record<WriteBackStateView, { label: string; tone: string; glyph: string }> = {
  waiting: { label: 'waiting', tone: 'busy', glyph: '…' },
  written: { label: 'written', tone: 'proven', glyph: '✓' },
  already_so: { label: 'was already so', tone: 'proven', glyph: '✓' },
  impossible: { label: 'not possible there', tone: 'plain', glyph: '–' },
  failed: { label: 'failed', tone: 'refuted', glyph: '✕' },
  withdrawn: { label: 'withdrawn', tone: 'plain', glyph: '↩' },
};

export const WRITE_BACK_STATUS: Record<WriteBackStatusView, string> = {
  in_progress: 'in progress',
  resolved: 'resolved',
  false_positive: 'false positive',
  reopened: 'reopened',
};

export const PHASE: Record<number, { name: string; short: string }> = {
  1: { name: 'Read-only triage', short: 'read-only' },
  2: { name: 'Recommended playbooks', short: 'recommend' },
  3: { name: 'Supervised automation', short: 'supervised' },
};

/** `aws` names are what people say aloud; the account number is what is true. Both, when both are known. */
export function accountLabel(row: Pick<QueueRow, 'account' | 'account_name'>): string {
  return row.account_name ?? row.account ?? 'unknown account';
}

/** Two letters for a person: `analyst MO` is `MO`, `jl` is `JL`. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => word !== '');
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => word.slice(0, 1)) : [name.slice(0, 2)];
  return letters.join('').toUpperCase();
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en-GB')} ${n === 1 ? one : many}`;
}

/** Hex in groups of four, so that two people can read it to each other. */
export function grouped(hex: string): string {
  return hex.match(/.{1,4}/g)?.join(' ') ?? hex;
}

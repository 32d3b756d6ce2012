import type {
  FindingView,
  QueueRow,
  Severity,
  SuppressedFinding,
  SuppressionDraft,
  SuppressionPreview,
  SuppressionScope,
  SuppressionView,
  TriageReport,
} from '$wire';
import { SEVERITIES, SEVERITY } from '../../words/labels';
import { HostError } from '../host';
import { inventDetail } from './detail';
import type { FakeHost } from './host';
import type { TriageDesk } from './triage';

const DAY = 86_400_000;
const MOST_DAYS = 365;
const CLOSABLE: readonly string[] = ['new', 'triaged', 'planned', 'snoozed'];
const NO_SCOPE: SuppressionScope = { source: null, rule: null, asset: null, account: null, tag: null, tag_value: null };

/** Invented suppression: it covers what the invented queue holds, and hides no arrivals. */
export class SuppressionDesk {
  readonly #host: FakeHost;
  readonly #triage: TriageDesk;
  #rules: SuppressionView[];

  constructor(host: FakeHost, triage: TriageDesk) {
    this.#host = host;
    this.#triage = triage;
    this.#rules = ['empty', 'first-run', 'quiet'].includes(host.scenario) ? [] : inventRules();
  }

  async preview(scope: SuppressionScope, upTo: Severity | null): Promise<SuppressionPreview> {
    if (Object.values(scope).every((part) => part === null)) throw refusal('say what to suppress: a rule, an asset, an account or a tag', 'invalid');
    const found = this.#host.rows.flatMap((row) => inventDetail(row, null, 'absent').findings.filter((finding) => covers(scope, finding)).map((finding) => ({ row, finding })));
    const worst = SEVERITIES.find((severity) => found.some(({ finding }) => finding.severity === severity)) ?? null;
    const limit = upTo ?? worst;
    const hides = (severity: Severity): boolean => limit !== null && reaches(limit, severity);
    const hidden = found.filter(({ finding }) => hides(finding.severity));
    const whole = this.#host.rows.filter((row) => {
      const own = inventDetail(row, null, 'absent').findings;
      return own.every((finding) => hides(finding.severity) && covers(scope, finding));
    });
    const touched = new Set(hidden.map(({ row }) => row.id)).size;
    const open = whole.filter((row) => CLOSABLE.includes(row.state));
    return {
      days: 30,
      more: false,
      up_to: limit,
      by_severity: SEVERITIES.map((severity) => ({ severity, findings: found.filter(({ finding }) => finding.severity === severity).length, hidden: hides(severity) })).filter(({ findings }) => findings > 0),
      findings: hidden.length,
      incidents: whole.length,
      partly: touched - whole.length,
      examples: hidden.slice(0, 8).map(({ row, finding }) => exampleOf(row, finding)),
      open: open.slice(0, 200).map(({ id, label, title, severity, state }) => ({ id, label, title, severity, state })),
      open_count: open.length,
    };
  }

  async add(draft: SuppressionDraft): Promise<TriageReport> {
    if (draft.reason.trim() === '') throw refusal('suppressing needs a reason', 'invalid');
    const rule: SuppressionView = {
      id: `sup_${this.#rules.length}`,
      scope: draft.scope,
      up_to: draft.up_to,
      reason: draft.reason,
      made_by: this.#host.snapshot.user,
      made_at: new Date().toISOString(),
      expires_at: checkedExpiry(draft.expires_at),
      in_force: true,
      hid: 0,
      hides: 0,
      last_hid: null,
    };
    this.#rules = [...this.#rules, rule];
    return this.#changed(rule.id, { in_force: false }, `suppressed ${words(rule.scope)}: ${rule.reason}`, draft.close);
  }

  async renew(id: string, expiresAt: string): Promise<TriageReport> {
    const rule = this.#inForce(id);
    const until = checkedExpiry(expiresAt);
    this.#put(id, { expires_at: until });
    return this.#changed(id, { expires_at: rule.expires_at }, `suppression of ${words(rule.scope)} until ${until.slice(0, 16).replace('T', ' ')} UTC`);
  }

  async end(id: string): Promise<TriageReport> {
    const rule = this.#inForce(id);
    this.#put(id, { in_force: false, hides: 0 });
    return this.#changed(id, { in_force: true }, `ended the suppression of ${words(rule.scope)}`);
  }

  async list(all: boolean): Promise<SuppressionView[]> {
    const expiry = (a: SuppressionView, b: SuppressionView): number => Date.parse(a.expires_at) - Date.parse(b.expires_at);
    const inForce = this.#rules.filter((rule) => rule.in_force).toSorted(expiry);
    return all ? [...inForce, ...this.#rules.filter((rule) => !rule.in_force).toSorted(expiry).toReversed()] : inForce;
  }

  async listHidden(id: string): Promise<SuppressedFinding[]> {
    const rule = this.#rules.find((known) => known.id === id);
    if (!rule) return [];
    const rows = this.#host.rows.filter((row) => reaches(rule.up_to, row.severity));
    return rows.slice(0, Math.min(rule.hides, 200)).flatMap((row) => inventDetail(row, null, 'absent').findings.slice(0, 1).map((finding) => exampleOf(row, finding)));
  }

  #changed(id: string, before: Partial<SuppressionView>, text: string, close: readonly string[] = []): TriageReport {
    this.#host.emit({ type: 'suppressions_changed' });
    return this.#triage.record(text, close, () => {
      this.#put(id, before);
      this.#host.emit({ type: 'suppressions_changed' });
    });
  }

  #put(id: string, change: Partial<SuppressionView>): void {
    this.#rules = this.#rules.map((rule) => (rule.id === id ? { ...rule, ...change } : rule));
  }

  #inForce(id: string): SuppressionView {
    const rule = this.#rules.find((known) => known.id === id);
    if (rule?.in_force) return rule;
    throw refusal('this suppression rule ended already; make a new one', 'refused');
  }
}

function checkedExpiry(at: string): string {
  const ahead = Date.parse(at) - Date.now();
  if (!(ahead > 0)) throw refusal('a rule must end later than now', 'invalid');
  if (ahead > MOST_DAYS * DAY) throw refusal(`a rule holds ${MOST_DAYS} days at most; renew it when it ends`, 'invalid');
  return at;
}

function refusal(message: string, code: 'invalid' | 'refused'): HostError {
  return new HostError({ code, message, retryable: false });
}

function reaches(upTo: Severity, severity: Severity): boolean {
  if (upTo === 'critical') return true;
  if (upTo === 'unknown' || severity === 'unknown') return upTo === severity;
  return SEVERITY[severity].rank >= SEVERITY[upTo].rank;
}

function covers(scope: SuppressionScope, finding: FindingView): boolean {
  const holds = (asked: string | null, has: string | null | undefined): boolean => asked === null || asked === has;
  const tag = scope.tag === null || (scope.tag in finding.tags && holds(scope.tag_value, finding.tags[scope.tag]));
  return holds(scope.source, finding.source) && holds(scope.rule, finding.rule) && holds(scope.asset, finding.asset) && holds(scope.account, finding.account) && tag;
}

function exampleOf(row: QueueRow, finding: FindingView): SuppressedFinding {
  return { id: finding.id, source: finding.source, title: finding.title, severity: finding.severity, asset: finding.asset, began_at: row.opened_at };
}

function words({ source, rule, asset, account, tag, tag_value: value }: SuppressionScope): string {
  const parts = [
    rule === null ? null : `rule ${rule} of ${source ?? ''}`,
    asset === null ? null : `asset ${asset}`,
    account === null ? null : `account ${account}`,
    tag === null ? null : `tag ${tag}${value === null ? '' : `=${value}`}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

function inventRules(): SuppressionView[] {
  const at = (days: number): string => new Date(Date.now() + days * DAY).toISOString();
  const rule = (number: number, change: Partial<SuppressionView>): SuppressionView => ({
    id: `sup_${number}`,
    scope: NO_SCOPE,
    up_to: 'low',
    reason: '',
    made_by: 'mo',
    made_at: at(-9),
    expires_at: at(21),
    in_force: true,
    hid: 0,
    hides: 0,
    last_hid: null,
    ...change,
  });
  return [
    rule(0, {
      scope: { ...NO_SCOPE, source: 'wiz', rule: 'Port scan from an internal scanner', account: '456789012345' },
      up_to: 'medium',
      reason: 'Our own Qualys scanner, change CHG-4410.',
      made_by: 'j.larsen',
      expires_at: at(1.4),
      hid: 1284,
      hides: 1191,
      last_hid: at(-0.02),
    }),
    rule(1, { scope: { ...NO_SCOPE, asset: 'arn:aws:ec2:eu-central-1:123456789012:instance/i-0c41f0b9a2d7e6f31', tag: 'team', tag_value: 'red\u202e-team <b>' }, reason: 'Red team exercise until the end of the month.', hid: 37, hides: 37, last_hid: at(-1.2) }),
    rule(2, { scope: { ...NO_SCOPE, account: '567890123456' }, up_to: 'critical', reason: 'Account is being torn down.', made_at: at(-50), expires_at: at(-20), in_force: false, hid: 212, last_hid: at(-21) }),
  ];
}

import type { HandoverView, IncidentLink, IncidentState, QueueRow, TimelineEntry, TriageChange, TriageOrder, TriageRefusal, TriageReport, TriageWish } from '$wire';
import { OPEN_STATES } from '../../words/labels';
import { HostError } from '../host';
import type { FakeHost } from './host';

interface Done {
  change: TriageChange;
  before: QueueRow[];
  merged: [id: string, into: string | null][];
  handedOver: boolean;
  /** What else is as before once it is taken back. */
  back?: () => void;
}

const HANDED: HandoverView = {
  at: new Date(Date.now() - 11 * 60_000).toISOString(),
  by: 'j.larsen',
  to: 'mo',
  note: '**Done**\n- trust policy saved as evidence, nobody outside has assumed it since Tuesday\n- etl-nightly still needs the role until 18:00 UTC\n\n**Next**\n1. after 18:00 cut the trust to `arn:aws:iam::123456789012:root`\n2. tell data-platform in [the ticket](https://tickets.example/ETL-88)',
};

/** Invented triage: what an order alters is remembered, so that it can be taken back. */
export class TriageDesk {
  readonly #host: FakeHost;
  #done: Done[] = [];
  #mergedInto = new Map<string, string>();
  #notes = new Map<string, TimelineEntry[]>();
  /** All of an incident's; the last is the one that may wait. */
  #handovers = new Map<string, HandoverView[]>([['inc_0004', [HANDED]]]);
  /** Where those that are put off stood. */
  #stood = new Map<string, IncidentState>();

  constructor(host: FakeHost) {
    this.#host = host;
  }

  async change({ incidents, wish }: TriageOrder): Promise<TriageReport> {
    const before: QueueRow[] = [];
    const merged: Done['merged'] = [];
    const refused: TriageRefusal[] = [];
    const rows: QueueRow[] = [];
    for (const id of incidents) {
      const row = this.#host.row(id);
      const why = this.#refusal(row, wish);
      if (why !== null) {
        refused.push({ label: row.label, why });
        continue;
      }
      if (wish.kind === 'merge' || wish.kind === 'unmerge') merged.push([id, this.#mergedInto.get(id) ?? null]);
      if (wish.kind === 'merge') this.#mergedInto.set(id, this.#host.row(wish.into).id);
      if (wish.kind === 'unmerge') this.#mergedInto.delete(id);
      before.push(row);
      if (wish.kind === 'hand_over') this.#handOver(id, wish.to, wish.note);
      if (wish.kind === 'snooze' && row.state !== 'snoozed') this.#stood.set(id, row.state);
      const change = wish.kind === 'wake' ? { state: this.#stood.get(id) ?? ('triaged' as const), snoozed_until: null } : altered(wish, row);
      rows.push(this.#host.change(id, change));
    }
    if (rows.length === 0) {
      const first = refused[0];
      throw new HostError({ code: 'refused', message: first ? `${first.label} ${first.why}` : 'there is nothing to change', retryable: false });
    }
    return this.#remember(this.#words(wish), { before, merged, handedOver: wish.kind === 'hand_over' }, rows, refused);
  }

  /** Remembers a change of another kind, which may close incidents with it. */
  record(text: string, close: readonly string[], back: () => void): TriageReport {
    const before = close.map((id) => this.#host.row(id));
    const rows = close.map((id) => this.#host.change(id, { state: 'closed', snoozed_until: null }));
    return this.#remember(text, { before, merged: [], handedOver: false, back }, rows, []);
  }

  async undo(id: string | null): Promise<TriageReport> {
    const done = this.#done.findLast(({ change }) => change.undone_at === null && (id === null || change.id === id));
    if (!done) throw new HostError({ code: 'refused', message: 'there is no change of yours to take back', retryable: false });
    for (const { id: known } of done.before) {
      if (done.handedOver && !this.#host.row(known).handed_over) {
        throw new HostError({ code: 'refused', message: `${this.#host.row(known).label} was changed since`, retryable: false });
      }
      if (done.handedOver) this.#handovers.get(known)?.pop();
    }
    done.change = { ...done.change, undone_at: new Date().toISOString(), undone_by: this.#host.snapshot.user };
    for (const [merged, into] of done.merged) {
      if (into === null) this.#mergedInto.delete(merged);
      else this.#mergedInto.set(merged, into);
    }
    done.back?.();
    const rows = done.before.map(({ id: known, state, owner, handed_over, snoozed_until }) => this.#host.change(known, { state, owner, handed_over, snoozed_until }));
    return reportOf({ ...done.change, text: `taken back: ${done.change.text}` }, rows, []);
  }

  note(id: string, text: string, kind: TimelineEntry['kind'] = 'note'): void {
    const entry: TimelineEntry = { at: new Date().toISOString(), kind, actor: this.#host.snapshot.user, text, evidence: null };
    this.#notes.set(id, [...this.notes(id), entry]);
    this.#host.emit({ type: 'incident_detail_changed', incident: id });
  }

  read(id: string): void {
    const { owner, label } = this.#host.row(id);
    if (owner !== this.#host.snapshot.user) {
      throw new HostError({ code: 'refused', message: `${label} was handed to ${owner ?? 'nobody'}, who alone can say that they read it`, retryable: false });
    }
    this.#host.change(id, { handed_over: false });
    this.note(id, 'read the handover and took it on', 'decision');
  }

  #handOver(id: string, to: string, note: string): void {
    const by = this.#host.snapshot.user;
    this.#handovers.set(id, [...(this.#handovers.get(id) ?? []), { at: new Date().toISOString(), by, to, note }]);
    this.note(id, `handed over to ${to}`, 'decision');
    this.note(id, note, 'handover');
  }

  notes(id: string): TimelineEntry[] {
    return this.#notes.get(id) ?? [];
  }

  list(limit: number): TriageChange[] {
    return this.#done.map(({ change }) => change).toReversed().slice(0, limit);
  }

  links(id: string): { merged_into: IncidentLink | null; merged: IncidentLink[]; handover: HandoverView | null } {
    const handover = this.#host.row(id).handed_over ? (this.#handovers.get(id)?.at(-1) ?? null) : null;
    const into = this.#mergedInto.get(id);
    const merged = [...this.#mergedInto].filter(([, other]) => other === id).map(([other]) => other);
    return { merged_into: into === undefined ? null : this.#link(into), merged: merged.map((other) => this.#link(other)), handover };
  }

  #remember(text: string, done: Omit<Done, 'change'>, rows: QueueRow[], refused: TriageRefusal[]): TriageReport {
    const change: TriageChange = {
      id: `chg_${this.#done.length}`,
      at: new Date().toISOString(),
      actor: this.#host.snapshot.user,
      text,
      incidents: rows.length,
      undone_at: null,
      undone_by: null,
    };
    this.#done.push({ change, ...done });
    return reportOf(change, rows, refused);
  }

  #link(id: string): IncidentLink {
    return { id, label: this.#host.row(id).label };
  }

  #refusal(row: QueueRow, wish: TriageWish): string | null {
    if (wish.kind === 'move' && row.state === 'containing') return `is containing; a person can't make it ${wish.to}`;
    if (wish.kind === 'hand_over' && wish.to === this.#host.snapshot.user) return 'goes to another person';
    if (wish.kind === 'merge' && row.state === 'snoozed') return 'is snoozed; wake it first';
    if ((wish.kind === 'merge' || wish.kind === 'hand_over') && !OPEN_STATES.includes(row.state)) return `is ${row.state}; reopen it first`;
    if (wish.kind === 'snooze') return snoozeRefusal(row.state);
    if (wish.kind === 'wake' && row.state !== 'snoozed') return `is ${row.state}, not snoozed`;
    if (wish.kind === 'unmerge' && !this.#mergedInto.has(row.id)) return 'is not merged into another';
    return null;
  }

  #words(wish: TriageWish): string {
    switch (wish.kind) {
      case 'move':
        return wish.reason === '' ? wish.to : `${wish.to}: ${wish.reason}`;
      case 'assign':
        return `assigned to ${wish.owner ?? 'nobody'}`;
      case 'hand_over':
        return `handed over to ${wish.to}`;
      case 'merge':
        return `merged into ${this.#host.row(wish.into).label}`;
      case 'snooze':
        return `snoozed until ${wish.until.slice(0, 16).replace('T', ' ')} UTC`;
      case 'wake':
        return 'awake again';
      case 'unmerge':
        return 'taken out again';
      case 'relocate':
        return `${wish.findings.length} findings moved`;
    }
  }
}

function snoozeRefusal(state: IncidentState): string | null {
  if (state === 'containing' || state === 'contained') return `is ${state}: steps of its plan ran`;
  return state === 'closed' || state === 'false_positive' ? `is ${state}; reopen it first` : null;
}

function altered(wish: TriageWish, row: QueueRow): Partial<QueueRow> {
  switch (wish.kind) {
    case 'move':
      return { state: wish.to, snoozed_until: null, handed_over: row.handed_over && OPEN_STATES.includes(wish.to) };
    case 'snooze':
      return { state: 'snoozed', snoozed_until: wish.until };
    case 'wake':
      return { snoozed_until: null };
    case 'assign':
      return { owner: wish.owner, handed_over: row.handed_over && wish.owner === row.owner };
    case 'hand_over':
      return { owner: wish.to, handed_over: true };
    case 'merge':
      return { state: 'closed', handed_over: false };
    case 'unmerge':
      return { state: 'triaged' };
    case 'relocate':
      return {};
  }
}

function reportOf(change: TriageChange, rows: QueueRow[], refused: TriageRefusal[]): TriageReport {
  return {
    change: change.id,
    text: change.text,
    changed: rows.length,
    unchanged: 0,
    refused,
    refused_count: refused.length,
    cancelled: false,
    rows: rows.length > 50 ? [] : rows,
  };
}

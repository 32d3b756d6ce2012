import type { IncidentLink, QueueRow, TimelineEntry, TriageChange, TriageOrder, TriageRefusal, TriageReport, TriageWish } from '$wire';
import { OPEN_STATES } from '../../words/labels';
import { HostError } from '../host';
import type { FakeHost } from './host';

interface Done {
  change: TriageChange;
  before: QueueRow[];
  merged: [id: string, into: string | null][];
}

/** Invented triage: what an order alters is remembered, so that it can be taken back. */
export class TriageDesk {
  readonly #host: FakeHost;
  #done: Done[] = [];
  #mergedInto = new Map<string, string>();
  #notes = new Map<string, TimelineEntry[]>();

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
      rows.push(this.#host.change(id, altered(wish)));
    }
    if (rows.length === 0) {
      const first = refused[0];
      throw new HostError({ code: 'refused', message: first ? `${first.label} ${first.why}` : 'there is nothing to change', retryable: false });
    }
    const at = new Date().toISOString();
    const change: TriageChange = {
      id: `chg_${this.#done.length}`,
      at,
      actor: this.#host.snapshot.user,
      text: this.#words(wish),
      incidents: rows.length,
      undone_at: null,
      undone_by: null,
    };
    this.#done.push({ change, before, merged });
    return reportOf(change, rows, refused);
  }

  async undo(id: string | null): Promise<TriageReport> {
    const done = this.#done.findLast(({ change }) => change.undone_at === null && (id === null || change.id === id));
    if (!done) throw new HostError({ code: 'refused', message: 'there is no change of yours to take back', retryable: false });
    done.change = { ...done.change, undone_at: new Date().toISOString(), undone_by: this.#host.snapshot.user };
    for (const [merged, into] of done.merged) {
      if (into === null) this.#mergedInto.delete(merged);
      else this.#mergedInto.set(merged, into);
    }
    const rows = done.before.map(({ id: known, state, owner }) => this.#host.change(known, { state, owner }));
    return reportOf({ ...done.change, text: `taken back: ${done.change.text}` }, rows, []);
  }

  note(id: string, text: string): void {
    const entry: TimelineEntry = { at: new Date().toISOString(), kind: 'note', actor: this.#host.snapshot.user, text, evidence: null };
    this.#notes.set(id, [...this.notes(id), entry]);
    this.#host.emit({ type: 'incident_detail_changed', incident: id });
  }

  notes(id: string): TimelineEntry[] {
    return this.#notes.get(id) ?? [];
  }

  list(limit: number): TriageChange[] {
    return this.#done.map(({ change }) => change).toReversed().slice(0, limit);
  }

  links(id: string): { merged_into: IncidentLink | null; merged: IncidentLink[] } {
    const into = this.#mergedInto.get(id);
    const merged = [...this.#mergedInto].filter(([, other]) => other === id).map(([other]) => other);
    return { merged_into: into === undefined ? null : this.#link(into), merged: merged.map((other) => this.#link(other)) };
  }

  #link(id: string): IncidentLink {
    return { id, label: this.#host.row(id).label };
  }

  #refusal(row: QueueRow, wish: TriageWish): string | null {
    if (wish.kind === 'move' && row.state === 'containing') return `is containing; a person can't make it ${wish.to}`;
    if (wish.kind === 'merge' && !OPEN_STATES.includes(row.state)) return `is ${row.state}; reopen it first`;
    if (wish.kind === 'unmerge' && !this.#mergedInto.has(row.id)) return 'is not merged into another';
    return null;
  }

  #words(wish: TriageWish): string {
    switch (wish.kind) {
      case 'move':
        return wish.reason === '' ? wish.to : `${wish.to}: ${wish.reason}`;
      case 'assign':
        return `assigned to ${wish.owner ?? 'nobody'}`;
      case 'merge':
        return `merged into ${this.#host.row(wish.into).label}`;
      case 'unmerge':
        return 'taken out again';
      case 'relocate':
        return `${wish.findings.length} findings moved`;
    }
  }
}

function altered(wish: TriageWish): Partial<QueueRow> {
  switch (wish.kind) {
    case 'move':
      return { state: wish.to };
    case 'assign':
      return { owner: wish.owner };
    case 'merge':
      return { state: 'closed' };
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

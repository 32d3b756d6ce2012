import type {
  AuditPage,
  AuditVerdict,
  CloudAccountDraft,
  CloudAccountView,
  CommandQuery,
  CommandView,
  ConnectionTest,
  Direction,
  Envelope,
  Event,
  ExportedFile,
  IncidentView,
  KeychainView,
  LeaseBoard,
  LeaseView,
  LinkTarget,
  MappingPreview,
  ModelDraft,
  ModelView,
  PlanView,
  QueueCounts,
  QueuePage,
  QueueQuery,
  QueueRow,
  RawAlertView,
  SavedView,
  SavedViewDraft,
  Severity,
  Snapshot,
  SourceDraft,
  SourceView,
  StepState,
  StepView,
  SuppressedFinding,
  SuppressionDraft,
  SuppressionPreview,
  SuppressionScope,
  SuppressionView,
  Target,
  TriageChange,
  TriageOrder,
  TriageReport,
  VendorForm,
  WriteBackStatusView,
  WriteBackView,
} from '$wire';
import { compareRows, matchesQuery } from '../../state/queue-order';
import { HostError, type Host } from '../host';
import { ConnectionDesk } from './connections';
import { inventDetail, type ModelMood } from './detail';
import { CommandDesk } from './commander';
import { countsOf, inventQueue, inventRow, pageOf } from './incidents';
import { inventPreview } from './mapping';
import { LeaseDesk } from './leases';
import { inventMarkdown } from './markdown';
import { inventMillion, MILLION_COUNTS, millionth } from './million';
import { inventRaw } from './raw';
import { playRun } from './run';
import { SourceDesk } from './source-desk';
import { heldBack, inventPlan, optionsFor, provenBy } from './steps';
import { SuppressionDesk } from './suppressions';
import { TriageDesk } from './triage';
import { VENDORS } from './vendors';
import { ViewDesk } from './views';
import { inventAudit, snapshotFor, verdictFor, type Scenario } from './workspace';
import { inventOrders, inventWriteBacks } from './write-backs';

const FIRST_STATES: readonly StepState[] = ['proposed', 'approved', 'proven', 'unknown', 'refuted', 'failed'];

/**
 * An engine of invented data for tests and for looking at screens. It keeps the contract's shape
 * (one ordered stream, views that say what can be done) and none of the engine's rules.
 */
export class FakeHost implements Host {
  readonly scenario: Scenario;
  readonly pace: number;
  snapshot: Snapshot;
  rows: QueueRow[];
  #plans = new Map<string, PlanView>();
  #send: ((envelope: Envelope) => void) | null = null;
  #command = new CommandDesk(this);
  /** Where addresses lead that the system handed over. */
  links: LinkTarget[] = [];
  #cancelled = new Set<string>();
  #sources = new SourceDesk(this);
  #connections = new ConnectionDesk(this);
  #triage = new TriageDesk(this);
  #views = new ViewDesk(this);
  #leases = new LeaseDesk(this);
  #suppressions: SuppressionDesk;
  #writeBacks = new Map<string, WriteBackView[]>([['inc_0000', inventWriteBacks()]]);

  constructor(scenario: Scenario = 'full', pace = 420, size = 300) {
    this.scenario = scenario;
    this.pace = pace;
    this.snapshot = snapshotFor(scenario);
    const empty = scenario === 'empty' || scenario === 'first-run' || scenario === 'quiet';
    this.rows = empty ? [] : inventQueue(size).sort(compareRows);
    if (scenario === 'quiet') this.rows = [{ ...inventRow(0, 300), state: 'closed' }];
    this.snapshot.counts = scenario === 'million' ? MILLION_COUNTS : countsOf(this.rows);
    this.#suppressions = new SuppressionDesk(this, this.#triage);
    this.snapshot.leases = this.#leases.counts();
  }

  emit(event: Event): void {
    this.snapshot = { ...this.snapshot, seq: this.snapshot.seq + 1 };
    this.#send?.({ seq: this.snapshot.seq, event });
  }

  /** A new incident arrives, as from a poll. */
  arrive(number: number): QueueRow {
    const row = { ...inventRow(number, 0), id: `inc_new_${number}`, label: `INC-${2041 + number}`, owner: null };
    this.rows = [...this.rows, row].sort(compareRows);
    this.#rowChanged(row, true);
    return row;
  }

  getSnapshot = async (): Promise<Snapshot> => {
    if (this.scenario === 'loading') return new Promise(() => {});
    if (this.scenario === 'offline') {
      throw new HostError({ code: 'internal', message: 'The database of this workspace could not be opened: it is in use by another process.', retryable: true });
    }
    return this.snapshot;
  };

  subscribe = async (onEnvelope: (envelope: Envelope) => void): Promise<void> => void (this.#send = onEnvelope);

  listIncidents = async (query: QueueQuery): Promise<QueuePage> => {
    if (this.scenario === 'loading') return new Promise(() => {});
    if (this.scenario === 'million') return inventMillion(query);
    return pageOf(this.rows, query, this.snapshot.user);
  };

  takeLink = async (): Promise<LinkTarget | null> => this.links.splice(0).at(-1) ?? null;
  queueCounts = async (): Promise<QueueCounts> => (this.scenario === 'million' ? MILLION_COUNTS : countsOf(this.rows));

  getIncident = async (id: string): Promise<IncidentView> => {
    const row = this.row(id);
    const mood: ModelMood = this.scenario === 'model-down' ? 'down' : this.snapshot.model.configured ? 'answered' : 'absent';
    const blocked = this.snapshot.phase < 2 ? 'Phase 1 is read-only: nothing is written to a source either.' : null;
    const detail = inventDetail(row, heldBack(this.#plan(row), row.state), mood);
    const timeline = [...detail.timeline, ...this.#triage.notes(id)];
    return { ...detail, timeline, ...this.#triage.links(id), write_backs: this.#writeBacksOf(id), write_back_blocked: blocked };
  };

  getIncidentMarkdown = async (id: string): Promise<string> => inventMarkdown(await this.getIncident(id));
  getRawAlert = async (finding: string): Promise<RawAlertView> => inventRaw(finding);
  changeIncidents = (order: TriageOrder): Promise<TriageReport> => this.#triage.change(order);
  undoTriage = (change: string | null): Promise<TriageReport> => this.#triage.undo(change);
  cancelTriage = async (): Promise<void> => {};
  addNote = async (id: string, note: string): Promise<void> => this.#triage.note(id, note);
  readHandover = async (id: string): Promise<void> => this.#triage.read(id);
  listTriage = async (limit: number): Promise<TriageChange[]> => this.#triage.list(limit);
  selectIncidents = async (query: QueueQuery): Promise<string[]> => this.rows.filter((row) => matchesQuery(row, query, this.snapshot.user)).map((row) => row.id);
  getCommandView = (query: CommandQuery): Promise<CommandView> => this.#command.view(query);
  exportOverview = async (): Promise<ExportedFile> => this.#command.export();
  getClockTargets = async (): Promise<Target[]> => this.#command.targets;
  setClockTargets = (targets: readonly Target[]): Promise<Target[]> => this.#command.promise(targets);
  listViews = async (): Promise<SavedView[]> => this.#views.list;
  saveView = async (draft: SavedViewDraft): Promise<SavedView> => this.#views.save(draft);
  deleteView = async (id: string): Promise<void> => this.#views.remove(id);
  previewSuppression = (scope: SuppressionScope, upTo: Severity | null): Promise<SuppressionPreview> => this.#suppressions.preview(scope, upTo);
  addSuppression = (draft: SuppressionDraft): Promise<TriageReport> => this.#suppressions.add(draft);
  renewSuppression = (id: string, expiresAt: string): Promise<TriageReport> => this.#suppressions.renew(id, expiresAt);
  endSuppression = (id: string): Promise<TriageReport> => this.#suppressions.end(id);
  listSuppressions = (all: boolean): Promise<SuppressionView[]> => this.#suppressions.list(all);
  listLeases = (all: boolean): Promise<LeaseBoard> => this.#leases.list(all);
  proveLease = (step: string): Promise<LeaseView> => this.#leases.prove(step);
  renewLease = (step: string, until: string): Promise<LeaseView> => this.#leases.change(step, { review_at: until, is_due: false });
  handLease = (step: string, to: string): Promise<LeaseView> => this.#leases.change(step, { owner: to });
  releaseLease = (step: string, reason: string): Promise<LeaseView> => this.#leases.release(step, reason);
  listSuppressed = (id: string): Promise<SuppressedFinding[]> => this.#suppressions.listHidden(id);

  proposePlan = async (id: string): Promise<IncidentView> => {
    this.#plans.delete(id);
    this.emit({ type: 'incident_detail_changed', incident: id });
    return this.getIncident(id);
  };

  requestApproval = async (step: string, direction: Direction): Promise<void> => {
    const signed = { approver: this.snapshot.user, key: '77c0d18e3b94aa02', at: new Date().toISOString(), expires_at: new Date(Date.now() + 600_000).toISOString() };
    await wait(this.pace);
    this.#changeStep(step, (old) => {
      if (direction === 'undo') return { ...old, undo_approvals: [...old.undo_approvals, signed] };
      const approvals = [...old.approvals, signed];
      return { ...old, approvals, state: approvals.length >= old.verdict.approvals_needed ? 'approved' : 'proposed' };
    });
  };

  rejectStep = async (step: string, reason: string): Promise<void> => {
    this.#changeStep(step, (old) => ({ ...old, state: 'rejected', state_note: `Rejected by mo: ${reason}` }));
  };

  runStep = async (step: string, direction: Direction): Promise<void> => {
    const found = this.#findStep(step);
    this.#cancelled.delete(step);
    this.#changeStep(step, (old) => ({ ...old, state: direction === 'execute' ? 'running' : 'undoing' }));
    void playRun(found.step, direction, this.pace, () => this.#cancelled.has(step), (call) => {
      const plan = this.#plans.get(found.incident);
      const live = plan?.steps.find((other) => other.id === step);
      if (live) {
        const calls = direction === 'execute' ? live.run : live.undo_run;
        calls[call.index] = call;
      }
      this.emit({ type: 'run_progressed', incident: found.incident, step, direction, call });
    }).then((whole) => {
      this.#changeStep(step, (old) => ({
        ...old,
        state: !whole ? 'failed' : direction === 'execute' ? 'proven' : 'undone',
        proof: direction === 'execute' && whole ? provenBy(old) : null,
        state_note: whole ? null : 'Cancelled: the calls that were sent are listed, the others were not.',
      }));
    });
  };

  cancelRun = async (step: string): Promise<void> => void this.#cancelled.add(step);

  reconcileStep = async (step: string): Promise<void> => {
    await wait(this.pace);
    this.#changeStep(step, (old) => ({ ...old, state: 'proven', proof: provenBy(old), state_note: null }));
  };

  listAudit = async (before: number | null, limit: number): Promise<AuditPage> => {
    const size = this.snapshot.audit.size;
    const rows = inventAudit(size, before, limit);
    return { rows, size, next: rows.at(-1)?.index || null };
  };

  verifyAudit = async (): Promise<AuditVerdict> => {
    await wait(this.pace);
    const audit = { ...verdictFor(this.scenario, this.snapshot.audit.size), checked_at: new Date().toISOString() };
    this.snapshot.audit = audit;
    this.emit({ type: 'audit_changed', audit });
    return audit;
  };

  previewMapping = async (mapping: string, message: string): Promise<MappingPreview> => inventPreview(mapping, message);
  listVendors = async (): Promise<VendorForm[]> => [...VENDORS];
  pollNow = (source: string | null): Promise<void> => this.#sources.poll(source);
  addSource = (draft: SourceDraft): Promise<SourceView> => this.#sources.add(draft);
  testSource = (name: string): Promise<ConnectionTest> => this.#sources.test(name);
  removeSource = (name: string): Promise<void> => this.#sources.remove(name);
  setSourcePolling = (name: string, polling: boolean): Promise<SourceView> => this.#sources.setPolling(name, polling);
  resetSource = (name: string): Promise<SourceView> => this.#sources.reset(name);
  startBackfill = (name: string, days: number | null): Promise<void> => this.#sources.startBackfill(name, days);
  cancelBackfill = (name: string): Promise<void> => this.#sources.cancelBackfill(name);

  askWriteBack = async (incident: string, status: WriteBackStatusView | null, comment: string): Promise<WriteBackView[]> => {
    await wait(this.pace);
    const { findings } = inventDetail(this.row(incident), null, 'absent');
    const told = [...new Set(findings.map((finding) => finding.source))];
    const orders = inventOrders(told, status, comment, this.snapshot.user);
    this.#setWriteBacks(incident, [...orders, ...this.#writeBacksOf(incident)]);
    return orders;
  };

  withdrawWriteBack = async (incident: string, order: string): Promise<void> => {
    this.#setWriteBacks(
      incident,
      this.#writeBacksOf(incident).map((known) => (known.id === order ? { ...known, state: 'withdrawn' as const, next_try: null, ended_at: new Date().toISOString() } : known)),
    );
  };

  addCloudAccount = (draft: CloudAccountDraft): Promise<CloudAccountView> => this.#connections.addCloud(draft);
  testCloudAccount = (): Promise<ConnectionTest> => this.#connections.test(['Identity', 'Read EC2', 'Read IAM', 'Assume role']);
  removeCloudAccount = (name: string): Promise<void> => this.#connections.removeCloud(name);
  setModel = (draft: ModelDraft): Promise<ModelView> => this.#connections.setModel(draft);
  removeModel = (): Promise<ModelView> => this.#connections.removeModel();
  testModel = (): Promise<ConnectionTest> => this.#connections.test(['Reachable', 'Answers to a schema']);

  requestPhase = async (phase: number): Promise<void> => {
    await wait(this.pace);
    this.snapshot.phase = phase;
    this.#plans.clear();
    this.emit({ type: 'phase_changed', phase });
  };

  retryKeychain = async (): Promise<KeychainView> => {
    await wait(this.pace);
    const keychain: KeychainView = { state: 'unlocked', text: 'The keychain is unlocked.', remedy: null };
    this.snapshot.keychain = keychain;
    this.emit({ type: 'keychain_changed', keychain });
    return keychain;
  };

  row(id: string): QueueRow {
    const row = this.rows.find((other) => other.id === id);
    if (row) return row;
    if (this.scenario === 'million') return millionth(Number(id.slice(4)));
    throw new HostError({ code: 'not_found', message: `There is no incident ${id} in this workspace.`, retryable: false });
  }

  /** Replaces part of a row and tells of it. */
  change(id: string, change: Partial<QueueRow>): QueueRow {
    const row = { ...this.row(id), ...change, updated_at: new Date().toISOString() };
    this.rows = this.rows.map((other) => (other.id === id ? row : other));
    this.#rowChanged(row, false);
    return row;
  }

  #rowChanged(row: QueueRow, isNew: boolean): void {
    this.snapshot.counts = countsOf(this.rows);
    this.emit({ type: 'incident_changed', row, is_new: isNew, counts: this.snapshot.counts });
  }

  #plan(row: QueueRow): PlanView {
    const known = this.#plans.get(row.id);
    if (known) return known;
    const number = Number(row.id.slice(-4)) || 0;
    const plan = inventPlan(number, row.asset ?? 'i-0c41f0b9', FIRST_STATES[number % 6] ?? 'proposed', this.snapshot.phase);
    const first = plan.steps[0];
    if (first && (first.state === 'proven' || first.state === 'refuted')) first.proof = provenBy(first, first.state);
    if (first && first.state === 'unknown') first.state_note = 'The console stopped while call 7 was on its way. It may or may not have happened: read the cloud, nothing is sent again.';
    this.#plans.set(row.id, plan);
    return plan;
  }

  #writeBacksOf(incident: string): WriteBackView[] {
    return this.#writeBacks.get(incident) ?? [];
  }

  #setWriteBacks(incident: string, orders: WriteBackView[]): void {
    this.#writeBacks.set(incident, orders);
    this.emit({ type: 'incident_detail_changed', incident });
  }

  #findStep(id: string): { incident: string; step: StepView } {
    for (const [incident, plan] of this.#plans) {
      const step = plan.steps.find((other) => other.id === id);
      if (step) return { incident, step };
    }
    throw new HostError({ code: 'not_found', message: 'This step is no longer part of the plan.', retryable: false });
  }

  #changeStep(id: string, change: (old: StepView) => StepView): void {
    const { incident } = this.#findStep(id);
    const plan = this.#plans.get(incident);
    if (!plan) return;
    const allowed = (next: StepView): StepView => ({ ...next, can: optionsFor(next, this.snapshot.phase) });
    const steps = plan.steps.map((old) => (old.id === id ? allowed(change(old)) : old));
    this.#plans.set(incident, { ...plan, steps });
    this.emit({ type: 'incident_detail_changed', incident });
  }
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

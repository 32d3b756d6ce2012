import type {
  ApprovalDocument,
  AuditPage,
  AuditVerdict,
  CloudAccountDraft,
  CloudAccountView,
  CommandQuery,
  CommandView,
  ConnectionTest,
  Direction,
  Envelope,
  ExportedFile,
  IncidentView,
  KeychainView,
  LeaseBoard,
  LeaseView,
  LinkTarget,
  MappingPreview,
  ModelDraft,
  ModelView,
  QueueCounts,
  QueuePage,
  QueueQuery,
  RawAlertView,
  SavedView,
  SavedViewDraft,
  Severity,
  Snapshot,
  SourceDraft,
  SourceView,
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
  WireError,
  WriteBackStatusView,
  WriteBackView,
} from '$wire';

/**
 * The one seam between the console and the program around it.
 *
 * Every method is one command of the engine. A rejected promise carries a `HostError`; nothing else
 * is thrown. The console holds no rule of its own: what may be done is said by the views.
 */
export interface Host {
  getSnapshot(): Promise<Snapshot>;
  /** Opens the one ordered stream of events. Resolves when the engine has accepted the channel. */
  subscribe(onEnvelope: (envelope: Envelope) => void): Promise<void>;
  /** Where the address leads that the system handed over last, once. */
  takeLink(): Promise<LinkTarget | null>;
  listIncidents(query: QueueQuery): Promise<QueuePage>;
  queueCounts(): Promise<QueueCounts>;
  getIncident(id: string): Promise<IncidentView>;
  /** An incident as a Markdown document: the same bytes as the terminal's. */
  getIncidentMarkdown(id: string): Promise<string>;
  getRawAlert(finding: string): Promise<RawAlertView>;
  /** Does with incidents what a person wishes; what could not be done to some is in the report. */
  changeIncidents(order: TriageOrder): Promise<TriageReport>;
  /** Takes a change back; null takes back the person's newest. */
  undoTriage(change: string | null): Promise<TriageReport>;
  /** Stops the order under way. What it did stays, and can be taken back. */
  cancelTriage(): Promise<void>;
  /** Writes a note into an incident's timeline. */
  addNote(id: string, note: string): Promise<void>;
  /** Says that the person read what they must know of an incident that was handed to them. */
  readHandover(id: string): Promise<void>;
  listTriage(limit: number): Promise<TriageChange[]>;
  /** The ids of everything that a query leaves; refused when that is more than one change takes. */
  selectIncidents(query: QueueQuery): Promise<string[]>;
  /** What burns, and what changed since a time. */
  getCommandView(query: CommandQuery): Promise<CommandView>;
  /** Writes what burns on one page, as a PDF; the engine chooses where. */
  exportOverview(query: CommandQuery): Promise<ExportedFile>;
  getClockTargets(): Promise<Target[]>;
  /** Answers all targets; running clocks are set anew. */
  setClockTargets(targets: readonly Target[]): Promise<Target[]>;
  /** Views of the queue that were saved, by name. */
  listViews(): Promise<SavedView[]>;
  /** Saves a view, or replaces the one whose id it has. */
  saveView(draft: SavedViewDraft): Promise<SavedView>;
  deleteView(id: string): Promise<void>;
  /** What a rule would have hidden of the last days. Null asks for the worst severity that the scope covers. */
  previewSuppression(scope: SuppressionScope, upTo: Severity | null): Promise<SuppressionPreview>;
  /** Makes a rule, and closes what it covers whole where the draft says so: one change, taken back as one. */
  addSuppression(draft: SuppressionDraft): Promise<TriageReport>;
  renewSuppression(id: string, expiresAt: string): Promise<TriageReport>;
  /** Ends a rule; what it hid and is still open shows. */
  endSuppression(id: string): Promise<TriageReport>;
  /** The rules in force, soonest to expire first; with `all` those that ended too. */
  listSuppressions(all: boolean): Promise<SuppressionView[]>;
  /** The newest findings that a rule hides now. */
  listSuppressed(id: string): Promise<SuppressedFinding[]>;
  proposePlan(id: string): Promise<IncidentView>;
  requestApproval(step: string, direction: Direction): Promise<void>;
  rejectStep(step: string, reason: string): Promise<void>;
  runStep(step: string, direction: Direction): Promise<void>;
  cancelRun(step: string): Promise<void>;
  reconcileStep(step: string): Promise<void>;
  /** What was changed and is not undone, those that need somebody first; with `all`, what is over too. */
  listLeases(all: boolean): Promise<LeaseBoard>;
  /** Reads one from the cloud now. */
  proveLease(step: string): Promise<LeaseView>;
  /** Holds one until another time: 5 minutes to 30 days ahead. */
  renewLease(step: string, until: string): Promise<LeaseView>;
  handLease(step: string, to: string): Promise<LeaseView>;
  /** What was changed stays, and nobody watches it any more. */
  releaseLease(step: string, reason: string): Promise<LeaseView>;
  listAudit(before: number | null, limit: number): Promise<AuditPage>;
  verifyAudit(): Promise<AuditVerdict>;
  pollNow(source: string | null): Promise<void>;
  addSource(draft: SourceDraft): Promise<SourceView>;
  testSource(name: string): Promise<ConnectionTest>;
  removeSource(name: string): Promise<void>;
  setSourcePolling(name: string, polling: boolean): Promise<SourceView>;
  /** What must be known to connect each vendor, in the order they are offered. */
  listVendors(): Promise<VendorForm[]>;
  /** What a mapping would make of a message; nothing is stored. */
  previewMapping(mapping: string, message: string): Promise<MappingPreview>;
  resetSource(name: string): Promise<SourceView>;
  /** Reads so many days again; null goes on with an unfinished one. Progress comes as events. */
  startBackfill(name: string, days: number | null): Promise<void>;
  cancelBackfill(name: string): Promise<void>;
  askWriteBack(incident: string, status: WriteBackStatusView | null, comment: string): Promise<WriteBackView[]>;
  withdrawWriteBack(incident: string, order: string): Promise<void>;
  addCloudAccount(draft: CloudAccountDraft): Promise<CloudAccountView>;
  testCloudAccount(name: string): Promise<ConnectionTest>;
  removeCloudAccount(name: string): Promise<void>;
  setModel(draft: ModelDraft): Promise<ModelView>;
  removeModel(): Promise<ModelView>;
  testModel(): Promise<ConnectionTest>;
  requestPhase(phase: number): Promise<void>;
  retryKeychain(): Promise<KeychainView>;
}

/** What the approval window may do: read one document, sign it, or put it down. */
export interface ApprovalHost {
  getApprovalDocument(): Promise<ApprovalDocument>;
  signApproval(): Promise<void>;
  declineApproval(reason: string | null): Promise<void>;
}

/** A refusal or failure in the engine's own words. */
export class HostError extends Error {
  readonly code: WireError['code'];
  readonly retryable: boolean;

  constructor(error: WireError) {
    super(error.message);
    this.name = 'HostError';
    this.code = error.code;
    this.retryable = error.retryable;
  }
}

const CODES: ReadonlySet<string> = new Set<WireError['code']>([
  'invalid',
  'not_found',
  'refused',
  'drifted',
  'keychain',
  'upstream',
  'storage',
  'internal',
]);

function isCode(value: unknown): value is WireError['code'] {
  return typeof value === 'string' && CODES.has(value);
}

/** Turns whatever crossed the bridge into a `HostError`; an unknown shape becomes `internal`, never silence. */
export function hostError(thrown: unknown): HostError {
  if (thrown instanceof HostError) return thrown;
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) {
    const code = 'code' in thrown && isCode(thrown.code) ? thrown.code : 'internal';
    const retryable = 'retryable' in thrown && thrown.retryable === true;
    return new HostError({ code, message: String(thrown.message), retryable });
  }
  return new HostError({ code: 'internal', message: String(thrown), retryable: false });
}

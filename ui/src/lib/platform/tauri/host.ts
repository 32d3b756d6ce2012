import { Channel, invoke } from '@tauri-apps/api/core';
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
  WriteBackStatusView,
  WriteBackView,
} from '$wire';
import { call } from './call';
import type { Host } from '../host';

/** The engine behind Tauri's bridge. Command and argument names are the shell's. */
export class TauriHost implements Host {
  getSnapshot = () => call<Snapshot>('get_snapshot');
  takeLink = () => call<LinkTarget | null>('take_link');
  listIncidents = (query: QueueQuery) => call<QueuePage>('list_incidents', { query });
  queueCounts = () => call<QueueCounts>('queue_counts');
  getIncident = (id: string) => call<IncidentView>('get_incident', { id });
  getIncidentMarkdown = (id: string) => call<string>('get_incident_markdown', { id });
  getRawAlert = (finding: string) => call<RawAlertView>('get_raw_alert', { finding });
  changeIncidents = (order: TriageOrder) => call<TriageReport>('change_incidents', { order });
  undoTriage = (change: string | null) => call<TriageReport>('undo_triage', { change });
  cancelTriage = () => call<void>('cancel_triage', {});
  addNote = (id: string, note: string) => call<void>('add_note', { id, note });
  readHandover = (id: string) => call<void>('read_handover', { id });
  listTriage = (limit: number) => call<TriageChange[]>('list_triage', { limit });
  selectIncidents = (query: QueueQuery) => call<string[]>('select_incidents', { query });
  getCommandView = (query: CommandQuery) => call<CommandView>('get_command_view', { query });
  exportOverview = (query: CommandQuery) => call<ExportedFile>('export_overview', { query });
  getClockTargets = () => call<Target[]>('get_clock_targets');
  setClockTargets = (targets: readonly Target[]) => call<Target[]>('set_clock_targets', { targets });
  listViews = () => call<SavedView[]>('list_views');
  saveView = (draft: SavedViewDraft) => call<SavedView>('save_view', { draft });
  deleteView = (id: string) => call<void>('delete_view', { id });
  previewSuppression = (scope: SuppressionScope, upTo: Severity | null) => call<SuppressionPreview>('preview_suppression', { scope, upTo });
  addSuppression = (draft: SuppressionDraft) => call<TriageReport>('add_suppression', { draft });
  renewSuppression = (id: string, expiresAt: string) => call<TriageReport>('renew_suppression', { id, expiresAt });
  endSuppression = (id: string) => call<TriageReport>('end_suppression', { id });
  listSuppressions = (all: boolean) => call<SuppressionView[]>('list_suppressions', { all });
  listLeases = (all: boolean) => call<LeaseBoard>('list_leases', { all });
  proveLease = (step: string) => call<LeaseView>('prove_lease', { step });
  renewLease = (step: string, until: string) => call<LeaseView>('renew_lease', { step, until });
  handLease = (step: string, to: string) => call<LeaseView>('hand_lease', { step, to });
  releaseLease = (step: string, reason: string) => call<LeaseView>('release_lease', { step, reason });
  listSuppressed = (id: string) => call<SuppressedFinding[]>('list_suppressed', { id });
  proposePlan = (id: string) => call<IncidentView>('propose_plan', { id });
  requestApproval = (step: string, direction: Direction) =>
    call<void>('request_approval', { step, direction });
  rejectStep = (step: string, reason: string) => call<void>('reject_step', { step, reason });
  runStep = (step: string, direction: Direction) => call<void>('run_step', { step, direction });
  cancelRun = (step: string) => call<void>('cancel_run', { step });
  reconcileStep = (step: string) => call<void>('reconcile_step', { step });
  listAudit = (before: number | null, limit: number) =>
    call<AuditPage>('list_audit', { before, limit });
  verifyAudit = () => call<AuditVerdict>('verify_audit');
  pollNow = (source: string | null) => call<void>('poll_now', { source });
  addSource = (draft: SourceDraft) => call<SourceView>('add_source', { draft });
  testSource = (name: string) => call<ConnectionTest>('test_source', { name });
  removeSource = (name: string) => call<void>('remove_source', { name });
  setSourcePolling = (name: string, polling: boolean) =>
    call<SourceView>('set_source_polling', { name, polling });
  listVendors = () => call<VendorForm[]>('list_vendors');
  previewMapping = (mapping: string, message: string) =>
    call<MappingPreview>('preview_mapping', { mapping, message });
  resetSource = (name: string) => call<SourceView>('reset_source', { name });
  startBackfill = (name: string, days: number | null) =>
    call<void>('start_backfill', { name, days });
  cancelBackfill = (name: string) => call<void>('cancel_backfill', { name });
  askWriteBack = (incident: string, status: WriteBackStatusView | null, comment: string) =>
    call<WriteBackView[]>('ask_write_back', { incident, status, comment });
  withdrawWriteBack = (incident: string, order: string) =>
    call<void>('withdraw_write_back', { incident, order });
  addCloudAccount = (draft: CloudAccountDraft) =>
    call<CloudAccountView>('add_cloud_account', { draft });
  testCloudAccount = (name: string) => call<ConnectionTest>('test_cloud_account', { name });
  removeCloudAccount = (name: string) => call<void>('remove_cloud_account', { name });
  setModel = (draft: ModelDraft) => call<ModelView>('set_model', { draft });
  removeModel = () => call<ModelView>('remove_model');
  testModel = () => call<ConnectionTest>('test_model');
  requestPhase = (phase: number) => call<void>('request_phase', { phase });
  retryKeychain = () => call<KeychainView>('retry_keychain');

  async subscribe(onEnvelope: (envelope: Envelope) => void): Promise<void> {
    const channel = new Channel<Envelope>();
    channel.onmessage = onEnvelope;
    await invoke('subscribe', { channel });
  }
}

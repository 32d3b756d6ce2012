import type { Envelope, Snapshot } from '$wire';

/** What applying an envelope led to. */
export type Outcome =
  | { kind: 'applied'; state: Snapshot }
  /** Already part of the snapshot: nothing to do. */
  | { kind: 'stale' }
  /** Something was missed: only a new snapshot is true. */
  | { kind: 'gap'; expected: number; got: number };

/** Applies one event to the state of the console. Pure: the caller keeps what comes back. */
export function reduce(state: Snapshot, { seq, event }: Envelope): Outcome {
  if (seq <= state.seq) return { kind: 'stale' };
  if (seq !== state.seq + 1) return { kind: 'gap', expected: state.seq + 1, got: seq };
  const next: Snapshot = { ...state, seq };
  switch (event.type) {
    case 'incident_changed':
    case 'queue_changed':
      next.counts = event.counts;
      break;
    case 'leases_changed':
      next.leases = event.counts;
      break;
    case 'source_changed':
      next.sources = upsert(state.sources, event.source);
      break;
    case 'source_removed':
      next.sources = state.sources.filter((source) => source.name !== event.name);
      break;
    case 'clouds_changed':
      next.clouds = event.clouds;
      break;
    case 'model_changed':
      next.model = event.model;
      break;
    case 'keychain_changed':
      next.keychain = event.keychain;
      break;
    case 'phase_changed':
      next.phase = event.phase;
      break;
    case 'audit_changed':
      next.audit = event.audit;
      break;
    case 'storage_changed':
      next.storage_problem = event.problem;
      break;
    case 'incident_detail_changed':
    case 'run_progressed':
    case 'run_refused':
    case 'backfill_stopped':
    case 'triage_progressed':
    case 'suppressions_changed':
    case 'link_opened':
      // Only the page that shows it cares: it listens to the stream itself.
      break;
    default:
      return event satisfies never;
  }
  return { kind: 'applied', state: next };
}

function upsert<T extends { name: string }>(list: readonly T[], item: T): T[] {
  const known = list.some((entry) => entry.name === item.name);
  return known ? list.map((entry) => (entry.name === item.name ? item : entry)) : [...list, item];
}

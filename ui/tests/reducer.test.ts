import { describe, expect, test } from 'vitest';
import type { Event, Snapshot } from '$wire';
import { wiz } from '$lib/platform/fake/source-states';
import { snapshotFor } from '$lib/platform/fake/workspace';
import { reduce } from '$lib/state/reducer';
import { row } from './rows';

const state: Snapshot = { ...snapshotFor('full'), sources: [wiz('full')], seq: 10 };

function after(event: Event): Snapshot {
  const outcome = reduce(state, { seq: 11, event });
  if (outcome.kind !== 'applied') throw new Error(outcome.kind);
  return outcome.state;
}

describe('sequence', () => {
  const event: Event = { type: 'phase_changed', phase: 3 };
  test('the next number is applied', () => expect(reduce(state, { seq: 11, event }).kind).toBe('applied'));
  test('a number that the snapshot holds is stale', () => expect(reduce(state, { seq: 10, event }).kind).toBe('stale'));
  test('a number that skips one is a gap, and says which', () =>
    expect(reduce(state, { seq: 13, event })).toEqual({ kind: 'gap', expected: 11, got: 13 }));
  test('the state that was given is left as it was', () => {
    after(event);
    expect(state.phase).toBe(2);
  });
});

describe('events', () => {
  test('phase', () => expect(after({ type: 'phase_changed', phase: 1 }).phase).toBe(1));
  test('a known source is replaced where it stands', () => {
    const source = { ...wiz('full'), alerts_total: 7 };
    expect(after({ type: 'source_changed', source }).sources).toEqual([source]);
  });
  test('a new source is added at the end', () => {
    const source = { ...wiz('full'), name: 'second' };
    expect(after({ type: 'source_changed', source }).sources.map((known) => known.name)).toEqual(['wiz', 'second']);
  });
  test('a removed source goes', () => expect(after({ type: 'source_removed', name: 'wiz' }).sources).toEqual([]));
  test('a back-fill that stopped counts as seen: the source itself says how it stands', () => {
    const error = { code: 'upstream', message: 'x', retryable: true } as const;
    expect(after({ type: 'backfill_stopped', name: 'wiz', error })).toEqual({ ...state, seq: 11 });
  });
  test('counts come with the incident', () => {
    const counts = { open: 1, unowned: 2, critical: 3, containing: 4, contained: 5, snoozed: 0, all: 6 };
    expect(after({ type: 'incident_changed', row: row('inc_a'), is_new: true, counts }).counts).toEqual(counts);
  });
  test('storage trouble comes and goes', () => {
    expect(after({ type: 'storage_changed', problem: 'full' }).storage_problem).toBe('full');
    expect(after({ type: 'storage_changed', problem: null }).storage_problem).toBeNull();
  });
  test('progress of a run counts as seen, and changes nothing here', () => {
    const call = { index: 0, operation: 'a', subject: 'b', status: 'waiting', note: null, at: null } as const;
    const next = after({ type: 'run_progressed', incident: 'i', step: 's', direction: 'execute', call });
    expect(next).toEqual({ ...state, seq: 11 });
  });
});

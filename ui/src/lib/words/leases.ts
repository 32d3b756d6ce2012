import type { EndKind, LeaseView, Standing } from '$wire';

/** How a containment stands: shape, word and colour, never colour alone. */
export const STANDING: Record<Standing, { label: string; glyph: string; tone: string }> = {
  unproven: { label: 'not proven', glyph: '?', tone: 'unknown' },
  holds: { label: 'holds', glyph: '✓', tone: 'proven' },
  broken: { label: 'does not hold', glyph: '✕', tone: 'refuted' },
};

export const LEASE_END: Record<EndKind, string> = {
  undone: 'undone',
  nothing: 'changed nothing',
  final: 'can’t change back',
  released: 'given up',
};

/** What a containment asks of somebody, the most pressing first; null where nothing. */
export function need(lease: LeaseView): string | null {
  if (lease.end !== null) return null;
  if (lease.step_state === 'unknown') return 'Find out what the interrupted run did: read the cloud from the plan.';
  if (lease.standing === 'broken') return 'It does not hold. Contain it again from a new plan, or find out who changed it and why.';
  if (lease.unread !== null) return 'It can’t be read, so nothing is known since the last proof.';
  if (lease.standing === 'unproven') return 'No read has shown it yet.';
  if (lease.is_due) return 'Its review has come: hold it longer, undo it, or give it up.';
  if (lease.owner === null) return 'It is nobody’s. Give it to somebody.';
  return null;
}

import type { StepView } from '$wire';
import { STEP_STATE } from './labels';
import { hourMinuteSecond } from './time';

export interface Chip {
  tone: string;
  glyph?: string;
  label: string;
  note?: string | null;
}

/** What stands at the right of a step's title: how far it is, or what it waits for. */
export function stepChip(step: StepView): Chip {
  if (step.verdict.kind === 'denied') return { tone: 'refuted', glyph: '✕', label: 'denied' };
  if (step.state === 'proposed') {
    const needed = step.verdict.approvals_needed;
    if (step.verdict.kind === 'auto') return { tone: 'plain', label: 'needs no signature' };
    if (step.approvals.length > 0) return { tone: 'plain', label: `${step.approvals.length} of ${needed} signed` };
    return { tone: 'plain', label: `needs ${needed}` };
  }
  const { tone, glyph, label } = STEP_STATE[step.state];
  const note = step.proof && (step.state === 'proven' || step.state === 'refuted') ? hourMinuteSecond(step.proof.read_at).slice(0, 5) : null;
  return { tone, glyph, label, note };
}

/** How a run stands, in words: `4 of 10 calls accepted`. */
export function runProgress(step: StepView): string | null {
  const undoing = step.state === 'undoing' || step.state === 'undone' || step.undo_run.length > 0;
  const run = undoing ? step.undo_run : step.run;
  if (run.length === 0) return null;
  const accepted = run.filter((call) => call.status === 'dispatched').length;
  return `${accepted} of ${run.length} ${undoing ? 'undo ' : ''}calls accepted`;
}

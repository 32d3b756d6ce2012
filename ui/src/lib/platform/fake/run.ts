import type { CallProgress, Direction, StepView } from '$wire';

export type Report = (call: CallProgress) => void;

/** Plays a run, one call after the other, as the engine reports one. Resolves false when it was cancelled. */
export async function playRun(
  step: StepView,
  direction: Direction,
  pace: number,
  cancelled: () => boolean,
  report: Report,
): Promise<boolean> {
  const calls = direction === 'execute' ? step.calls : step.undo_calls;
  const entry = (index: number, status: CallProgress['status'], note: string | null = null): CallProgress => ({
    index,
    operation: calls[index]?.operation ?? '',
    subject: calls[index]?.subject ?? '',
    status,
    note,
    at: status === 'waiting' || status === 'not_sent' ? null : new Date().toISOString(),
  });
  calls.forEach((_, index) => report(entry(index, 'waiting')));
  for (let index = 0; index < calls.length; index += 1) {
    if (cancelled()) {
      for (let rest = index; rest < calls.length; rest += 1) report(entry(rest, 'not_sent', 'The run was cancelled.'));
      return false;
    }
    report(entry(index, 'in_flight'));
    await new Promise((resolve) => setTimeout(resolve, pace));
    report(entry(index, 'dispatched', index === 0 && calls.length > 2 ? 'snap-0be14c, snap-0be14d' : null));
  }
  return true;
}

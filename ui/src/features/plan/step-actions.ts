import type { Direction, StepState, StepView } from '$wire';
import type { Host } from '$lib/platform/host';
import { attempt } from '$lib/state/toasts.svelte';
import { count } from '$lib/words/labels';

export interface StepAction {
  id: 'approve' | 'run' | 'undo' | 'reject' | 'cancel' | 'reconcile';
  label: string;
  key: string;
  direction: Direction;
  primary: boolean;
}

/** After these the cloud may hold our change, so what is left to run is its undo. */
const CHANGED: readonly StepState[] = ['dispatched', 'proven', 'refuted', 'unknown', 'failed'];

/**
 * The buttons that a step has now, the one thing to do next first. The engine says which; this only
 * gives them words. What is not allowed has no button: `blocked_because` says why.
 */
export function actionsOf(step: StepView): StepAction[] {
  const { can } = step;
  const direction: Direction = CHANGED.includes(step.state) && can.undo ? 'undo' : 'execute';
  const actions: StepAction[] = [];
  const add = (id: StepAction['id'], label: string, key: string, toward: Direction = 'execute'): void => {
    actions.push({ id, label, key, direction: toward, primary: actions.length === 0 && id !== 'reject' && id !== 'cancel' && id !== 'undo' });
  };
  const made = direction === 'undo' ? step.undo_calls.length : step.calls.length;
  if (can.reconcile) add('reconcile', 'Read the cloud', 'o');
  if (can.run) add('run', direction === 'undo' ? `Run the undo: ${count(made, 'call')}` : `Run ${count(made, 'call')}`, 'r', direction);
  if (can.approve) add('approve', 'Review and sign…', '↵');
  if (can.undo && !can.run) add('undo', 'Undo…', 'u', 'undo');
  if (can.cancel) add('cancel', 'Stop sending calls', '');
  if (can.reject) add('reject', 'Reject…', 'x');
  return actions;
}

/** Does what a button says. Signing happens in the other window; progress comes by events. */
export async function perform(host: Host, step: StepView, action: StepAction): Promise<void> {
  switch (action.id) {
    case 'approve':
    case 'undo':
      await attempt(() => host.requestApproval(step.id, action.direction));
      return;
    case 'run':
      await attempt(() => host.runStep(step.id, action.direction));
      return;
    case 'cancel':
      await attempt(() => host.cancelRun(step.id), 'No further call is sent. Calls that were sent stay sent.');
      return;
    case 'reconcile':
      await attempt(() => host.reconcileStep(step.id), 'Read the cloud: the step shows what was found');
      return;
    case 'reject':
      // Asks for a reason first: the dialog calls the host.
      return;
  }
}

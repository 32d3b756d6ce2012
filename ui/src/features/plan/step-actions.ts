import type { Direction, StepView } from '$wire';
import type { Host } from '$lib/platform/host';
import { attempt } from '$lib/state/toasts.svelte';
import { count } from '$lib/words/labels';

export interface StepAction {
  id: 'approve' | 'run' | 'undo' | 'run-undo' | 'reject' | 'cancel' | 'reconcile';
  label: string;
  key: string;
  direction: Direction;
  primary: boolean;
}

/** What may be the one thing to do next. An undo is offered, never urged. */
const NEXT: readonly StepAction['id'][] = ['reconcile', 'run', 'approve', 'run-undo'];

/**
 * The buttons that a step has now, the one thing to do next first. The engine says which; this only
 * gives them words. What is not allowed has no button: `blocked_because` says why.
 */
export function actionsOf(step: StepView): StepAction[] {
  const { can } = step;
  const actions: StepAction[] = [];
  const add = (id: StepAction['id'], label: string, key: string, direction: Direction = 'execute'): void => {
    actions.push({ id, label, key, direction, primary: actions.length === 0 && NEXT.includes(id) });
  };
  if (can.reconcile) add('reconcile', 'Read the cloud', 'o');
  if (can.run) add('run', `Run ${count(step.calls.length, 'call')}`, 'r');
  if (can.approve) add('approve', 'Review and sign…', '↵');
  if (can.run_undo) add('run-undo', `Run the undo: ${count(step.undo_calls.length, 'call')}`, 'r', 'undo');
  if (can.undo) add('undo', 'Undo…', 'u', 'undo');
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
    case 'run-undo':
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

import type { CallProgress, Direction, Event, IncidentView, StepView } from '$wire';
import { hostError, type Host, type HostError } from '../platform/host';

/**
 * One incident as the engine last described it. Events that say "it changed" ask for it again, one
 * request at a time; progress of a run is applied straight away.
 */
export class IncidentPage {
  view = $state.raw<IncidentView | null>(null);
  failure = $state.raw<HostError | null>(null);

  readonly id: string;
  readonly #host: Host;
  #asking = false;
  #askAgain = false;

  constructor(host: Host, id: string) {
    this.#host = host;
    this.id = id;
  }

  async load(): Promise<void> {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#asking = true;
    try {
      do {
        this.#askAgain = false;
        this.view = await this.#host.getIncident(this.id);
        this.failure = null;
      } while (this.#askAgain);
    } catch (thrown) {
      this.failure = hostError(thrown);
    } finally {
      this.#asking = false;
    }
  }

  receive(event: Event): void {
    if (event.type === 'incident_detail_changed' && event.incident === this.id) void this.load();
    else if (event.type === 'incident_changed' && event.row.id === this.id && this.view !== null) {
      this.view = { ...this.view, row: event.row };
      void this.load();
    } else if (event.type === 'run_progressed' && event.incident === this.id) {
      this.#progress(event.step, event.direction, event.call);
    } else if (event.type === 'run_refused') {
      // Whatever stood in the way (drift, a lost signature) changed what the step can do.
      if (this.view?.plan?.steps.some((step) => step.id === event.step)) void this.load();
    } else if (event.type === 'phase_changed' || event.type === 'keychain_changed') {
      // Both decide what can be done with every step.
      void this.load();
    }
  }

  #progress(stepId: string, direction: Direction, call: CallProgress): void {
    const plan = this.view?.plan;
    if (!this.view || !plan) return;
    const steps = plan.steps.map((step) => (step.id === stepId ? withCall(step, direction, call) : step));
    this.view = { ...this.view, plan: { ...plan, steps } };
  }
}

/** A step with one call of its run, or of its undo, moved on. */
export function withCall(step: StepView, direction: Direction, call: CallProgress): StepView {
  const before = direction === 'execute' ? step.run : step.undo_run;
  const others = before.filter((known) => known.index !== call.index);
  const calls = [...others, call].sort((a, b) => a.index - b.index);
  return direction === 'execute' ? { ...step, run: calls } : { ...step, undo_run: calls };
}

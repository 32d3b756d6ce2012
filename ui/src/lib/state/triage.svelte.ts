import type { Event, SuppressionDraft, TriageReport, TriageWish } from '$wire';
import { hostError, type Host } from '../platform/host';
import { count } from '../words/labels';
import type { Queue } from './queue.svelte';
import { toasts } from './toasts.svelte';

/** Carries out what a person wishes done with incidents, takes it back, and says what became of it. */
export class Triage {
  /** An order is under way. */
  busy = $state(false);
  /** How far an order for many incidents is; null until it is heard of. */
  progress = $state.raw<{ done: number; of: number } | null>(null);

  readonly #host: Host;
  readonly #queue: Queue;

  constructor(host: Host, queue: Queue) {
    this.#host = host;
    this.#queue = queue;
  }

  change(incidents: readonly string[], wish: TriageWish): Promise<TriageReport | undefined> {
    const work = async (): Promise<TriageReport> => {
      const report = await this.#host.changeIncidents({ incidents: [...incidents], wish });
      for (const row of report.rows) this.#queue.settle(row);
      if (report.rows.length === 0) await this.#queue.load();
      // Work goes on in the one that is kept.
      const kept = wish.kind === 'merge' ? this.#queue.rows.find(({ id, label }) => id === wish.into || label === wish.into) : undefined;
      if (kept) this.#queue.moveTo(kept.id);
      return report;
    };
    return this.#carryOut(work, (report) => `${subject(report)}${report.text} · z takes it back`);
  }

  /** Makes a suppression rule, and closes what it covers whole where the draft says so. */
  suppress(draft: SuppressionDraft): Promise<TriageReport | undefined> {
    return this.#changeRules(() => this.#host.addSuppression(draft));
  }

  endSuppression(id: string): Promise<TriageReport | undefined> {
    return this.#changeRules(() => this.#host.endSuppression(id));
  }

  renewSuppression(id: string, expiresAt: string): Promise<TriageReport | undefined> {
    return this.#changeRules(() => this.#host.renewSuppression(id, expiresAt));
  }

  /** Takes back what the person did last, in this session or an earlier one. */
  undo(): Promise<TriageReport | undefined> {
    const work = async (): Promise<TriageReport> => {
      const report = await this.#host.undoTriage(null);
      // What comes back belongs where it was, not behind "new".
      await this.#queue.load();
      return report;
    };
    return this.#carryOut(work, (report) => `${subject(report)}${report.text}`);
  }

  cancel(): Promise<void> {
    return this.#host.cancelTriage();
  }

  receive(event: Event): void {
    if (event.type === 'triage_progressed' && this.busy) this.progress = { done: event.done, of: event.of };
  }

  #changeRules(order: () => Promise<TriageReport>): Promise<TriageReport | undefined> {
    const work = async (): Promise<TriageReport> => {
      const report = await order();
      for (const row of report.rows) this.#queue.settle(row);
      if (report.rows.length === 0) await this.#queue.load();
      return report;
    };
    return this.#carryOut(work, (report) => `${sentence(report.text)}${closedWith(report)} · z takes it back`);
  }

  async #carryOut(work: () => Promise<TriageReport>, words: (report: TriageReport) => string): Promise<TriageReport | undefined> {
    if (this.busy) return undefined;
    this.busy = true;
    this.progress = null;
    try {
      const report = await work();
      if (report.change !== null) toasts.say(words(report));
      if (report.cancelled) toasts.fail({ code: 'refused', message: 'Cancelled before it reached all.' });
      const first = report.refused[0];
      if (first) {
        const more = report.refused_count > 1 ? ` (and ${report.refused_count - 1} more were not changed)` : '';
        toasts.fail({ code: 'refused', message: `${first.label} ${first.why}${more}` });
      }
      this.#queue.unselect();
      return report;
    } catch (thrown) {
      toasts.fail(hostError(thrown));
      return undefined;
    } finally {
      this.busy = false;
      this.progress = null;
    }
  }
}

/** Whom the words are about; findings that were moved name their incidents themselves. */
function subject({ changed, rows }: TriageReport): string {
  const [only] = rows;
  if (changed === 0) return '';
  return `${changed === 1 && rows.length === 1 && only ? only.label : count(changed, 'incident')}: `;
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function closedWith({ changed }: TriageReport): string {
  return changed === 0 ? '' : ` · ${count(changed, 'incident')} closed with it`;
}

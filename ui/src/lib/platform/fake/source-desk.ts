import type { ConnectionCheck, ConnectionTest, Event, Snapshot, SourceDraft, SourceView } from '$wire';
import { HostError } from '../host';
import { inventSource } from './source-states';
import { VENDORS } from './vendors';
import type { Scenario } from './workspace';

/** What the sources need of the host around them. */
export interface Stage {
  readonly scenario: Scenario;
  readonly pace: number;
  snapshot: Snapshot;
  emit(event: Event): void;
}

const READS: Record<string, readonly (readonly [string, string])[]> = {
  wiz: [['Token', ''], ['Issues', 'read:issues'], ['Detections', 'read:detections'], ['Graph search', 'read:resources']],
  prisma: [['Sign-in', ''], ['Alerts', 'Alerts: View'], ['Assets', 'Asset Inventory: View'], ['Compute incidents', 'Compute: View']],
  lacework: [['Token', ''], ['Alerts', 'alerts.read'], ['Entities', 'inventory.read']],
  orca: [['Token', ''], ['Alerts', 'Viewer'], ['Inventory', 'Viewer']],
  sqs: [['Queue', ''], ['Dead-letter queue', 'sqs:GetQueueAttributes']],
};

/** The sources of the fake host: they change as they are told, and tell it in events. */
export class SourceDesk {
  readonly #stage: Stage;
  #cancelled = new Set<string>();

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async poll(name: string | null): Promise<void> {
    await this.#wait();
    for (const source of this.#stage.snapshot.sources) {
      if (name !== null && source.name !== name) continue;
      if (source.health === 'failed') this.#change(source.name, {});
      else this.#change(source.name, { health: 'ok', problem: null, remedy: null, failures: 0, breaker_open: false, last_success: now(), cursor: now() });
    }
  }

  async add(draft: SourceDraft): Promise<SourceView> {
    await this.#wait();
    const form = VENDORS.find((known) => known.vendor === draft.vendor);
    const missing = form?.fields.find((field) => field.required && field.when === null && (draft.values[field.name] ?? '') === '');
    if (!form || missing) throw refusal(form ? `${missing?.label} is missing. ${missing?.help}` : `${draft.vendor} is not a vendor that can be polled.`);
    if (this.#stage.snapshot.sources.some((source) => source.name === draft.name)) throw refusal(`there is a source ${draft.name} already; choose another name`);
    const { api_url = '', auth_url = '', client_id = '', ...settings } = draft.values;
    const source = inventSource(draft.name, form.vendor, form.title, {
      can_backfill: form.can_backfill, can_reset: form.can_reset, api_url, auth_url, client_id, settings, health: 'never_polled', last_success: null, cursor: null, alerts_total: 0, per_hour: Array<number>(24).fill(0), budget: null, next_poll: new Date(Date.now() + 3000).toISOString(),
    });
    this.#stage.snapshot.sources = [...this.#stage.snapshot.sources, source];
    this.#stage.emit({ type: 'source_changed', source });
    return source;
  }

  async test(name: string): Promise<ConnectionTest> {
    await this.#wait();
    const source = this.#of(name);
    const bad = this.#stage.scenario === 'degraded' || source.health === 'failed';
    const checks = (READS[source.vendor] ?? []).map(([what, scope], at): ConnectionCheck => {
      if (!bad || at === 0) return { name: what, ok: true, text: `works, ${84 + at * 31} ms`, remedy: null };
      return { name: what, ok: false, text: `Refused (403): the permission ${scope} is missing.`, remedy: `Give it ${scope} in ${source.vendor_title}, then test again.` };
    });
    return { ok: !bad, checks };
  }

  async remove(name: string): Promise<void> {
    this.#stage.snapshot.sources = this.#stage.snapshot.sources.filter((source) => source.name !== name);
    this.#stage.emit({ type: 'source_removed', name });
  }

  async setPolling(name: string, polling: boolean): Promise<SourceView> {
    return this.#change(name, { polling, next_poll: polling ? new Date(Date.now() + 2000).toISOString() : null });
  }

  async reset(name: string): Promise<SourceView> {
    await this.#wait();
    return this.#change(name, { cursor: null });
  }

  async startBackfill(name: string, days: number | null): Promise<void> {
    const before = this.#of(name).backfill;
    const since = days === null ? before?.since : new Date(Date.now() - days * 86_400_000).toISOString();
    if (since === undefined) throw refusal(`${name} has no unfinished back-fill`);
    this.#cancelled.delete(name);
    const from = Date.parse(days === null ? (before?.seen_until ?? since) : since);
    const begun = { since, seen_until: null, pages: 0, alerts: 0, started_at: now(), ended_at: null, outcome: null, running: true };
    let state = days === null && before ? { ...before, running: true } : begun;
    this.#change(name, { backfill: state });
    void (async () => {
      const STEPS = 12;
      for (let step = 1; step <= STEPS; step += 1) {
        await this.#wait();
        const at = new Date(from + ((Date.now() - from) * step) / STEPS).toISOString();
        const end = this.#cancelled.has(name) ? 'cancelled' : step === STEPS ? 'complete' : null;
        state = { ...state, seen_until: at, pages: state.pages + 3, alerts: state.alerts + 271, running: end === null, outcome: end, ended_at: end === null ? null : now() };
        this.#change(name, { backfill: state });
        if (end !== null) return;
      }
    })();
  }

  async cancelBackfill(name: string): Promise<void> {
    this.#cancelled.add(name);
    const { backfill } = this.#of(name);
    if (backfill?.running && this.#stage.scenario === 'sources') this.#change(name, { backfill: { ...backfill, running: false, outcome: 'cancelled', ended_at: now() } });
  }

  #of(name: string): SourceView {
    const source = this.#stage.snapshot.sources.find((known) => known.name === name);
    if (source) return source;
    throw new HostError({ code: 'not_found', message: `There is no source ${name}.`, retryable: false });
  }

  #change(name: string, change: Partial<SourceView>): SourceView {
    const source = { ...this.#of(name), ...change };
    this.#stage.snapshot.sources = this.#stage.snapshot.sources.map((known) => (known.name === name ? source : known));
    this.#stage.emit({ type: 'source_changed', source });
    return source;
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#stage.pace));
  }
}

const now = (): string => new Date().toISOString();

function refusal(message: string): HostError {
  return new HostError({ code: 'invalid', message, retryable: false });
}

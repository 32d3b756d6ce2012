import type { SavedView, SavedViewDraft } from '$wire';
import { HostError } from '../host';
import type { FakeHost } from './host';

const saved = (id: string, name: string, query: string, look: Partial<SavedView> = {}): SavedView => ({
  id,
  name,
  query,
  columns: null,
  density: null,
  saved_by: 'j.larsen',
  saved_at: new Date(Date.now() - 86_400_000).toISOString(),
  ...look,
});

/** Saved views of an invented workspace. */
export class ViewDesk {
  readonly #host: FakeHost;
  #list: SavedView[] | null = null;
  #next = 1;

  constructor(host: FakeHost) {
    this.#host = host;
  }

  get list(): SavedView[] {
    const bare = this.#host.scenario === 'first-run' || this.#host.scenario === 'empty';
    this.#list ??= bare
      ? []
      : [
          saved('view_a', 'Mine', 'in:open owner:me'),
          saved('view_b', 'Night shift', 'in:unowned severity:critical severity:high age<12h', { columns: ['technique', 'asset', 'sources', 'findings', 'age'], density: 'roomy' }),
          saved('view_c', 'Store, not yet contained', 'in:open state:new state:triaged account:acme-store', { saved_by: 'mo' }),
        ];
    return this.#list;
  }

  save(draft: SavedViewDraft): SavedView {
    const name = draft.name.trim();
    if (name === '' || name.length > 60) throw new HostError({ code: 'invalid', message: 'a view needs a name of 1 to 60 characters', retryable: false });
    const taken = this.list.find((view) => view.name.toLowerCase() === name.toLowerCase() && view.id !== draft.id);
    if (taken) {
      throw new HostError({ code: 'refused', message: `there is a view called ${taken.name} already; replace that one, or choose another name`, retryable: false });
    }
    const view = saved(draft.id ?? `view_${this.#next++}`, name, draft.query, {
      columns: draft.columns,
      density: draft.density,
      saved_by: this.#host.snapshot.user,
      saved_at: new Date().toISOString(),
    });
    this.#list = [...this.list.filter((other) => other.id !== view.id), view].toSorted((a, b) => a.name.localeCompare(b.name));
    return view;
  }

  remove(id: string): void {
    if (!this.list.some((view) => view.id === id)) throw new HostError({ code: 'not_found', message: `there is no saved view ${id}`, retryable: false });
    this.#list = this.list.filter((view) => view.id !== id);
  }
}

import type { QueueColumn, QueueDensity, SavedView } from '$wire';
import type { Host } from '../platform/host';
import { COLUMNS, look } from './look.svelte';
import { isFiltered, queryText, readQuery } from './queue-filter';
import type { Queue } from './queue.svelte';

interface Looks {
  columns: readonly QueueColumn[];
  density: QueueDensity;
}

/**
 * The views that were saved, and the one that is shown. One is shown until its tab is left or its
 * filter cleared; what is narrowed in it, or shown otherwise, is a change that can be kept.
 */
export class Views {
  list = $state.raw<readonly SavedView[]>([]);
  #shown = $state<string | null>(null);
  /** What was chosen while a view with a look of its own is shown: it is not the person's own. */
  #tried = $state.raw<Partial<Looks>>({});

  readonly #host: Host;
  readonly #queue: Queue;

  constructor(host: Host, queue: Queue) {
    this.#host = host;
    this.#queue = queue;
  }

  async load(): Promise<void> {
    this.list = await this.#host.listViews();
  }

  get current(): SavedView | null {
    const view = this.list.find((known) => known.id === this.#shown);
    if (!view) return null;
    const { tab, filter } = readQuery(view.query);
    return tab === this.#queue.tab && (this.#queue.filtered || !isFiltered(filter)) ? view : null;
  }

  /** Whether what is shown is no longer what was saved. */
  get changed(): boolean {
    const view = this.current;
    if (view === null) return false;
    const { tab, filter } = readQuery(view.query);
    const columns = view.columns !== null && this.columns.join() !== inOrder(view.columns).join();
    return queryText(tab, filter) !== this.#queue.text || columns || (view.density !== null && this.density !== view.density);
  }

  get columns(): readonly QueueColumn[] {
    const own = this.current?.columns ?? null;
    return own === null ? look.columns : (this.#tried.columns ?? inOrder(own));
  }

  get density(): QueueDensity {
    const own = this.current?.density ?? null;
    return own === null ? look.density : (this.#tried.density ?? own);
  }

  /** Shows other columns or rows: in a view that has its own until it is left, else from now on. */
  choose(change: Partial<Looks>): void {
    const view = this.current;
    const { columns, density } = change;
    if (columns !== undefined) view !== null && view.columns !== null ? this.#try({ columns }) : look.choose({ columns });
    if (density !== undefined) view !== null && view.density !== null ? this.#try({ density }) : look.choose({ density });
  }

  show(view: SavedView): Promise<void> {
    this.#shown = view.id;
    this.#tried = {};
    return this.#queue.ask(view.query);
  }

  /** Saves what is shown under a name. */
  async save(name: string, withLook: boolean): Promise<void> {
    const [columns, density] = withLook ? [[...this.columns], this.density] : [null, null];
    await this.#keep({ id: null, name, query: this.#queue.text, columns, density });
  }

  /** Makes a view what is shown now; one that had a look of its own has the one that is shown. */
  async replace(view: SavedView): Promise<void> {
    const columns = view.columns === null ? null : [...this.columns];
    const density = view.density === null ? null : this.density;
    await this.#keep({ id: view.id, name: view.name, query: this.#queue.text, columns, density });
  }

  async rename({ id, query, columns, density }: SavedView, name: string): Promise<void> {
    await this.#host.saveView({ id, name, query, columns, density });
    await this.load();
  }

  async remove(view: SavedView): Promise<void> {
    await this.#host.deleteView(view.id);
    await this.load();
  }

  async #keep(draft: Parameters<Host['saveView']>[0]): Promise<void> {
    const saved = await this.#host.saveView(draft);
    await this.load();
    this.#shown = saved.id;
    this.#tried = {};
  }

  #try(change: Partial<Looks>): void {
    this.#tried = { ...this.#tried, ...change };
  }
}

function inOrder(columns: readonly QueueColumn[]): QueueColumn[] {
  return COLUMNS.filter((column) => columns.includes(column));
}

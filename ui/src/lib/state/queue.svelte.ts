import type { Event, QueueQuery, QueueRow } from '$wire';
import { hostError, type Host, type HostError } from '../platform/host';
import { isFiltered, NO_FILTER, queryOf, queryText, readQuery, takeTab, takeTokens, type Filter, type Tab } from './queue-filter';
import { COMPARE, matchesQuery, placeRow } from './queue-order';

const PAGE = 200;
const MOST = 500;

/**
 * The rows of the queue and the cursor on them.
 *
 * The cursor is an incident, not a position. Events change rows where they are; a row that would push
 * down something on the screen is held back and announced until the person asks for it.
 */
export class Queue {
  tab = $state<Tab>('open');
  filter = $state.raw<Filter>(NO_FILTER);
  rows = $state.raw<QueueRow[]>([]);
  matching = $state(0);
  /** Whether more match than were counted. */
  moreMatch = $state(false);
  total = $state(0);
  next = $state<string | null>(null);
  loading = $state(true);
  failure = $state.raw<HostError | null>(null);
  cursor = $state<string | null>(null);
  /** New rows waiting at the edge. */
  held = $state.raw<ReadonlyMap<string, QueueRow>>(new Map());
  /** Rows that no longer match but stay until the next look, so that nothing jumps. */
  left = $state.raw<ReadonlySet<string>>(new Set());
  /** What the next change is for, by incident: it survives whatever happens to the rows. */
  selected = $state.raw<ReadonlySet<string>>(new Set());
  /** Where a range of selected rows began. */
  #anchor: string | null = null;
  /** Someone is at the machine: from then on nothing moves by itself. */
  touched = false;
  lastVisible = -1;

  readonly #host: Host;
  readonly #user: () => string;
  #ticket = 0;

  constructor(host: Host, user: () => string) {
    this.#host = host;
    this.#user = user;
  }

  #query(): QueueQuery {
    return queryOf(this.tab, this.filter, Date.now());
  }

  get index(): number {
    return this.rows.findIndex((row) => row.id === this.cursor);
  }

  get current(): QueueRow | null {
    return this.rows.find((row) => row.id === this.cursor) ?? null;
  }

  get filtered(): boolean {
    return isFiltered(this.filter);
  }

  choose(tab: Tab): Promise<void> {
    this.tab = tab;
    return this.#startOver();
  }

  narrow(change: Partial<Filter>, takeWords = false): Promise<void> {
    const filter = { ...this.filter, ...change };
    const { tab, text } = takeWords ? takeTab(filter.text) : { tab: null, text: filter.text };
    if (tab !== null) this.tab = tab;
    this.filter = takeWords ? takeTokens({ ...filter, text }) : filter;
    return this.#startOver();
  }

  /** What is asked, in words. */
  get text(): string {
    return queryText(this.tab, this.filter);
  }

  /** Asks what a query in words says, and nothing else. */
  ask(text: string): Promise<void> {
    const { tab, filter } = readQuery(text);
    this.tab = tab;
    this.filter = filter;
    return this.#startOver();
  }

  clear(): Promise<void> {
    return this.narrow(NO_FILTER);
  }

  /** Fetches again what is listed. The cursor stays on its incident, or next to where it was. */
  async load(): Promise<void> {
    const ticket = ++this.#ticket;
    const wanted = Math.min(MOST, Math.max(PAGE, this.rows.length));
    const before = this.index;
    try {
      const page = await this.#host.listIncidents({ ...this.#query(), limit: wanted });
      if (ticket !== this.#ticket) return;
      this.rows = page.rows;
      this.matching = page.matching;
      this.moreMatch = page.more_match;
      this.total = page.total;
      this.next = page.next;
      this.held = new Map();
      this.left = new Set();
      this.failure = null;
      if (this.index < 0) this.cursor = this.#near(before)?.id ?? null;
    } catch (thrown) {
      if (ticket === this.#ticket) this.failure = hostError(thrown);
    } finally {
      if (ticket === this.#ticket) this.loading = false;
    }
  }

  async loadMore(): Promise<void> {
    if (this.next === null || this.loading) return;
    const ticket = this.#ticket;
    this.loading = true;
    try {
      const query = { ...this.#query(), after: this.next, limit: PAGE };
      const page = await this.#host.listIncidents(query);
      if (ticket !== this.#ticket) return;
      const known = new Set(this.rows.map((row) => row.id));
      this.rows = [...this.rows, ...page.rows.filter((row) => !known.has(row.id))];
      this.matching = page.matching;
      this.moreMatch = page.more_match;
      this.next = page.next;
    } catch (thrown) {
      if (ticket === this.#ticket) this.failure = hostError(thrown);
    } finally {
      if (ticket === this.#ticket) this.loading = false;
    }
  }

  move(by: number): void {
    this.touched = true;
    const target = this.rows[Math.min(this.rows.length - 1, Math.max(0, Math.max(0, this.index) + by))];
    if (target) this.cursor = target.id;
  }

  moveTo(id: string): void {
    this.touched = true;
    this.cursor = id;
  }

  moveToEnd(end: 'first' | 'last'): void {
    this.touched = true;
    const target = end === 'first' ? this.rows[0] : this.rows.at(-1);
    if (target) this.cursor = target.id;
  }

  receive(event: Event): void {
    if (event.type === 'incident_changed') this.#place(event.row);
    else if (event.type === 'queue_changed') void this.load();
  }

  /** Selects a row, or lets go of it. */
  toggle(id: string): void {
    this.touched = true;
    this.#anchor = id;
    this.selected = toggled(this.selected, id, !this.selected.has(id));
  }

  /** Moves the cursor and selects all from where the range began to where it is now. */
  extend(by: number): void {
    const from = this.#anchor ?? this.cursor;
    this.move(by);
    if (this.cursor !== null) this.extendTo(this.cursor, from);
  }

  extendTo(id: string, from: string | null = this.#anchor ?? this.cursor): void {
    this.touched = true;
    const [start, end] = [from ?? id, id].map((known) => this.rows.findIndex((row) => row.id === known)).toSorted((a, b) => a - b);
    this.selected = new Set([...this.selected, ...this.rows.slice(Math.max(0, start ?? 0), (end ?? 0) + 1).map((row) => row.id)]);
    this.#anchor = from ?? id;
    this.cursor = id;
  }

  /** Selects everything that the view and the filter leave, fetched or not. */
  async selectAll(): Promise<void> {
    this.selected = new Set(await this.#host.selectIncidents(this.#query()));
  }

  unselect(): void {
    this.#anchor = null;
    this.selected = new Set();
  }

  /** What a change is for: the selected incidents, else the one under the cursor. */
  get chosen(): string[] {
    if (this.selected.size > 0) return [...this.selected];
    return this.cursor === null ? [] : [this.cursor];
  }

  /** A person's own change takes the row away at once; the cursor goes to the next one. */
  settle(row: QueueRow): void {
    if (matchesQuery(row, this.#query(), this.#user())) return this.#place(row);
    const at = this.rows.findIndex((other) => other.id === row.id);
    if (at < 0) return;
    const neighbour = this.rows[at + 1] ?? this.rows[at - 1];
    if (this.cursor === row.id) this.cursor = neighbour?.id ?? null;
    this.rows = this.rows.filter((other) => other.id !== row.id);
    this.matching = Math.max(0, this.matching - 1);
  }

  #place(row: QueueRow): void {
    const fits = matchesQuery(row, this.#query(), this.#user());
    const lastVisible = this.touched ? this.lastVisible : -1;
    const placement = placeRow(this.rows, row, lastVisible, this.next !== null, this.filter.order);
    if (placement.kind === 'replace' && !this.touched && fits) {
      this.rows = this.rows.with(placement.index, row).toSorted(COMPARE[this.filter.order]);
      this.cursor = this.rows[0]?.id ?? null;
      return;
    }
    if (placement.kind === 'replace') {
      this.rows = this.rows.with(placement.index, row);
      if (this.left.has(row.id) === fits) this.left = toggled(this.left, row.id, !fits);
      return;
    }
    if (!fits) {
      if (this.held.has(row.id)) this.held = without(this.held, row.id);
      return;
    }
    if (placement.kind === 'hold') {
      this.held = new Map(this.held).set(row.id, row);
      return;
    }
    this.matching += 1;
    if (placement.kind === 'insert') {
      this.rows = this.rows.toSpliced(placement.index, 0, row);
      if (!this.touched) this.cursor = this.rows[0]?.id ?? null;
    }
  }

  #startOver(): Promise<void> {
    this.rows = [];
    this.held = new Map();
    this.cursor = null;
    this.unselect();
    this.loading = true;
    return this.load();
  }

  #near(index: number): QueueRow | undefined {
    return this.rows[Math.min(Math.max(0, index), this.rows.length - 1)];
  }
}

function toggled(set: ReadonlySet<string>, id: string, present: boolean): ReadonlySet<string> {
  const next = new Set(set);
  if (present) next.add(id);
  else next.delete(id);
  return next;
}

function without(map: ReadonlyMap<string, QueueRow>, id: string): ReadonlyMap<string, QueueRow> {
  const next = new Map(map);
  next.delete(id);
  return next;
}

import type { Event, QueuePage, QueueQuery, QueueRow } from '$wire';
import { hostError, type Host, type HostError } from '../platform/host';
import { isFiltered, NO_FILTER, queryOf, queryText, readQuery, takeTab, takeTokens, type Filter, type Tab } from './queue-filter';
import { COMPARE, matchesQuery, placeRow } from './queue-order';
import { toggled, without } from './sets';

const PAGE = 200;
const MOST = 500;
/** Rows fetched above what is asked for. */
const ABOVE = 60;
/** This near to the end of what was fetched, more is. */
const NEAR = 30;
/** What lies above may have moved a little since it was counted. */
const SLACK = 20;

/**
 * The rows of the queue and the cursor on them.
 *
 * The cursor is an incident, not a position. Events change rows where they are; a row that would push
 * down something on the screen is held back and announced until the person asks for it.
 */
export class Queue {
  tab = $state<Tab>('open');
  filter = $state.raw<Filter>(NO_FILTER);
  /** What was fetched: a stretch of what matches, without gaps. */
  rows = $state.raw<QueueRow[]>([]);
  /** Which row of all that match the first of them is. */
  first = $state(0);
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
  /** Rows on the screen, counted among all that match. */
  firstVisible = 0;
  lastVisible = -1;
  /** The row under the cursor where it is not among those fetched. */
  #away = $state.raw<QueueRow | null>(null);
  /** A row that one wants to see, and what is done once it is there. */
  #wanted: { to: number; arrive: (() => void) | null } | null = null;
  #idle: (() => void)[] = [];
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
    return this.rows.find((row) => row.id === this.cursor) ?? (this.#away?.id === this.cursor ? this.#away : null);
  }

  /** How many rows there are, as far as is known: what a scrollbar stands for. */
  get length(): number {
    const end = this.first + this.rows.length;
    return this.next === null ? end : Math.max(this.matching, end + 1);
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
    const before = this.index;
    const from = this.firstVisible > PAGE ? this.firstVisible - ABOVE : 0;
    const limit = from > 0 ? PAGE : Math.min(MOST, Math.max(PAGE, this.rows.length));
    // A cursor that lies elsewhere stays where it is.
    const elsewhere = before < 0 || this.first + before < from || this.first + before >= from + limit;
    let isGone = false;
    await this.#fetch({ ...(from > 0 ? { skip: from } : {}), limit }, (page) => {
      isGone = from > 0 && page.rows.length === 0;
      if (isGone) return;
      this.#take(page, from);
      this.held = new Map();
      this.left = new Set();
      if (this.index < 0 && (!elsewhere || this.#away?.id !== this.cursor)) this.cursor = this.#near(before)?.id ?? null;
    });
    if (!isGone || ticket !== this.#ticket) return;
    // So few are left that nothing is where one looked.
    this.firstVisible = 0;
    return this.load();
  }

  /** What is on the screen: what is missing of it, or soon will be, is fetched. */
  see(first: number, last: number): void {
    this.firstVisible = first;
    this.lastVisible = last;
    if (this.rows.length === 0) return;
    const end = this.first + this.rows.length;
    const seen = Math.min(first, this.length - 1);
    if (last < this.first - PAGE || seen > end + PAGE) return void this.#jump(seen);
    if (this.#wanted?.arrive === null) this.#wanted = null;
    if (first < this.first + NEAR && this.first > 0) void this.#loadBefore();
    else if (last >= end - NEAR) void this.loadMore();
  }

  /** Fetches around a row. Of many asked for in a row (a thumb is dragged) only the last is. */
  async #jump(to: number, arrive: (() => void) | null = null): Promise<void> {
    const wanted = { to, arrive };
    this.#wanted = wanted;
    if (this.loading) return new Promise((done) => this.#idle.push(done));
    this.loading = true;
    const skip = Math.max(0, Math.min(to - ABOVE, this.length - PAGE));
    await this.#fetch({ skip, limit: PAGE }, (page) => {
      // Meanwhile one looks elsewhere, or back at what was there.
      if (this.#wanted !== wanted) return;
      this.#wanted = null;
      this.#take(page, skip);
      arrive?.();
    });
  }

  async #loadBefore(): Promise<void> {
    if (this.first === 0 || this.loading) return;
    this.loading = true;
    const skip = Math.max(0, this.first - PAGE);
    await this.#fetch({ skip, limit: this.first - skip + SLACK }, (page) => {
      const meets = page.rows.findIndex((row) => row.id === this.rows[0]?.id);
      // Too much came or went above: the rows that were fetched are no longer next to these.
      if (meets < 0) return this.#take(page, skip);
      this.rows = [...page.rows.slice(0, meets), ...this.rows];
      this.first = skip;
    });
  }

  async loadMore(): Promise<void> {
    if (this.next === null || this.loading) return;
    this.loading = true;
    await this.#fetch({ after: this.next, limit: PAGE }, (page) => {
      const known = new Set(this.rows.map((row) => row.id));
      this.rows = [...this.rows, ...page.rows.filter((row) => !known.has(row.id))];
      this.matching = page.matching;
      this.moreMatch = page.more_match;
      this.next = page.next;
    });
  }

  async #fetch(part: Partial<QueueQuery>, take: (page: QueuePage) => void): Promise<void> {
    const ticket = this.#ticket;
    try {
      const page = await this.#host.listIncidents({ ...this.#query(), ...part });
      if (ticket !== this.#ticket) return;
      this.failure = null;
      take(page);
    } catch (thrown) {
      if (ticket !== this.#ticket) return;
      this.#wanted = null;
      this.failure = hostError(thrown);
    } finally {
      if (ticket === this.#ticket) this.#rest();
    }
  }

  /** Nothing is being fetched any more; what was asked for meanwhile is next. */
  #rest(): void {
    this.loading = false;
    if (this.#wanted !== null) void this.#jump(this.#wanted.to, this.#wanted.arrive);
    else this.#idle.splice(0).forEach((done) => done());
  }

  /** A page takes the place of all rows. */
  #take(page: QueuePage, first: number): void {
    this.#away = this.current;
    this.rows = page.rows;
    this.first = first;
    this.matching = page.matching;
    this.moreMatch = page.more_match;
    this.total = page.total;
    this.next = page.next;
  }

  move(by: number): void {
    this.touched = true;
    // A cursor that was left behind comes to where one looks.
    const from = this.index >= 0 ? this.index + by : this.cursor === null ? by : this.firstVisible - this.first;
    const target = this.rows[Math.min(this.rows.length - 1, Math.max(0, from))];
    if (target) this.cursor = target.id;
  }

  moveTo(id: string): void {
    this.touched = true;
    this.cursor = id;
  }

  async moveToEnd(end: 'first' | 'last'): Promise<void> {
    this.touched = true;
    // In the moment in which the rows are there, or the list would be taken back to what is on the screen.
    const arrive = (): void => void (this.cursor = (end === 'first' ? this.rows[0] : this.rows.at(-1))?.id ?? this.cursor);
    if (end === 'first' ? this.first === 0 : this.next === null) arrive();
    else await this.#jump(end === 'first' ? 0 : this.length - 1, arrive);
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
    const [start, end] = [this.rows.some((row) => row.id === from) ? (from ?? id) : id, id].map((one) => this.rows.findIndex((row) => row.id === one)).toSorted((a, b) => a - b);
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
    const lastVisible = this.touched ? this.lastVisible - this.first : -1;
    if (this.#away?.id === row.id) this.#away = row;
    let placement = placeRow(this.rows, row, lastVisible, this.next !== null, this.filter.order);
    // Somewhere above all that was fetched.
    if (placement.kind === 'insert' && placement.index === 0 && this.first > 0) placement = { kind: 'hold' };
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
    this.first = 0;
    this.firstVisible = 0;
    this.#wanted = null;
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

import { beforeEach, describe, expect, test } from 'vitest';
import type { QueueRow } from '$wire';
import { FakeHost } from '$lib/platform/fake/host';
import { Queue } from '$lib/state/queue.svelte';
import { compareClocks, compareRows, matchesQuery, placeRow } from '$lib/state/queue-order';
import { ageOf, NO_FILTER, queryOf, takeTokens } from '$lib/state/queue-filter';
import { row } from './rows';

const counts = { open: 0, unowned: 0, critical: 0, containing: 0, contained: 0, snoozed: 0, all: 0 };
const at = (minutes: number): string => new Date(1_800_000_000_000 - minutes * 60_000).toISOString();

describe('order', () => {
  test('severity goes before age, age before number', () => {
    const rows = [
      row('c', { severity: 'high', opened_at: at(1) }),
      row('b', { severity: 'critical', opened_at: at(9), label: 'INC-9' }),
      row('a', { severity: 'critical', opened_at: at(9), label: 'INC-10' }),
      row('d', { severity: 'critical', opened_at: at(2) }),
      row('e', { severity: 'unknown', opened_at: at(0) }),
    ];
    expect(rows.sort(compareRows).map(({ id }) => id)).toEqual(['d', 'a', 'b', 'c', 'e']);
  });

  test('by clocks what is due first goes first, and what has none is not listed', () => {
    const due = (minutes: number) => ({ goal: 'contain' as const, due: at(minutes) });
    const rows = [
      row('b', { severity: 'critical', clock: due(1) }),
      row('a', { severity: 'low', clock: due(90) }),
      row('c', { severity: 'critical', clock: null }),
    ];
    expect(rows.toSorted(compareClocks).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(rows.filter((one) => matchesQuery(one, { order: 'clock' }, 'mo')).map(({ id }) => id)).toEqual(['b', 'a']);
    const late = row('new', { clock: due(30) });
    expect(placeRow(rows.slice(0, 2).toSorted(compareClocks), late, -1, false, 'clock')).toEqual({ kind: 'insert', index: 1 });
  });

  const shown = ['a', 'b', 'c', 'd'].map((id, index) => row(id, { severity: 'high', opened_at: at(index * 10) }));
  const place = (change: Partial<QueueRow>, lastVisible: number, more = false) =>
    placeRow(shown, row('new', { severity: 'high', ...change }), lastVisible, more);
  test('a known row keeps its place, whatever changed', () =>
    expect(placeRow(shown, row('c', { severity: 'critical' }), 3, false)).toEqual({ kind: 'replace', index: 2 }));
  test('above what is seen it is held back', () => expect(place({ severity: 'critical' }, 2)).toEqual({ kind: 'hold' }));
  test('between seen rows it is held back', () => expect(place({ opened_at: at(15) }, 2)).toEqual({ kind: 'hold' }));
  test('below what is seen it goes in', () => expect(place({ opened_at: at(25) }, 2)).toEqual({ kind: 'insert', index: 3 }));
  test('after everything it goes in last', () => expect(place({ opened_at: at(99) }, 3)).toEqual({ kind: 'insert', index: 4 }));
  test('after everything, with pages to come, it is theirs', () => expect(place({ opened_at: at(99) }, 3, true)).toEqual({ kind: 'beyond' }));
});

describe('filter', () => {
  test('typed tokens become filters, the rest stays text', () =>
    expect(takeTokens({ ...NO_FILTER, text: 'xmrig severity:high state:new owner:me web' })).toEqual({
      text: 'xmrig web',
      severities: ['high'],
      states: ['new'],
      account: null,
      owner: 'me',
      younger: null,
      older: null,
      order: 'severity',
    }));
  test('sort:clock asks for what is due first', () => {
    const filter = takeTokens({ ...NO_FILTER, text: 'web sort:clock' });
    expect(queryOf('open', filter, 0)).toMatchObject({ text: 'web', order: 'clock' });
    expect(takeTokens({ ...NO_FILTER, text: 'sort:name' }).text).toBe('sort:name');
  });
  test('an age is a number and a unit; anything else stays text', () => {
    expect(takeTokens({ ...NO_FILTER, text: 'age<2h age>30m web' })).toMatchObject({ text: 'web', younger: '2h', older: '30m' });
    for (const text of ['age<2y', 'age<', 'age:2h', 'age<2h30m', 'age<-1h']) expect(takeTokens({ ...NO_FILTER, text })).toMatchObject({ text, younger: null });
    expect(ageOf('99999999999w')).toBe(null);
    expect(ageOf('9999999999w')).toBe(100 * 366 * 86_400_000);
  });
  test('an age is asked for as a time, counted from now', () => {
    const now = Date.parse('2026-11-22T10:00:00Z');
    const query = queryOf('all', { ...NO_FILTER, younger: '2h', older: '30m' }, now);
    expect(query).toEqual({ opened_after: '2026-11-22T08:00:00.000Z', opened_before: '2026-11-22T09:30:00.000Z' });
    for (const [opened_at, fits] of [['08:00:00.900Z', true], ['07:59:59Z', false], ['09:30:00.900Z', true], ['09:30:01Z', false]] as const)
      expect(matchesQuery(row('a', { opened_at: `2026-11-22T${opened_at}` }), query, 'mo'), opened_at).toBe(fits);
  });
  test('a token said twice counts once', () =>
    expect(takeTokens({ ...NO_FILTER, text: 'severity:high sev:high' }).severities).toEqual(['high']));
  test('a token that names nothing stays text', () => expect(takeTokens({ ...NO_FILTER, text: 'severity:loud' }).text).toBe('severity:loud'));
  test('a filter that says more than the view wins', () =>
    expect(queryOf('critical', { ...NO_FILTER, severities: ['low'] }, 0)).toMatchObject({ severities: ['low'] }));
  test('unowned asks for nobody', () => expect(queryOf('unowned', NO_FILTER, 0)).toMatchObject({ owner: 'none' }));
  test('all asks for everything', () => expect(queryOf('all', NO_FILTER, 0)).toEqual({}));
  test('every word must occur somewhere', () => {
    const known = row('a', { title: 'Reverse shell', asset: 'i-1', account_name: 'acme-ci' });
    expect(matchesQuery(known, { text: 'shell CI' }, 'mo')).toBe(true);
    expect(matchesQuery(known, { text: 'shell prod' }, 'mo')).toBe(false);
  });
  test('a word is found by its beginning, and parts of one stand together', () => {
    const known = row('a', { title: 'Größe of web-71', asset: null });
    for (const text of ['web', 'WEB-7', 'web-71', 'grosse web'.replace('ss', 'ß'), 'grö', '- web']) expect(matchesQuery(known, { text }, 'mo'), text).toBe(true);
    for (const text of ['eb', 'web-1', '71-web', 'web 7 zzz']) expect(matchesQuery(known, { text }, 'mo'), text).toBe(false);
  });
  test('within a second the higher number is first, as in the store', () => {
    const [early, late] = [row('INC-2', { opened_at: '2026-11-22T10:00:00.100Z' }), row('INC-1', { opened_at: '2026-11-22T10:00:00.900Z' })];
    expect([late, early].toSorted(compareRows).map((other) => other.id)).toEqual(['INC-2', 'INC-1']);
  });
});

describe('live', () => {
  let host: FakeHost;
  let queue: Queue;
  const changed = (changedRow: QueueRow, isNew = false) => queue.receive({ type: 'incident_changed', row: changedRow, is_new: isNew, counts });
  const ids = () => queue.rows.map(({ id }) => id);

  beforeEach(async () => {
    host = new FakeHost('full', 0, 60);
    queue = new Queue(host, () => 'mo');
    await queue.load();
    queue.lastVisible = 20;
    queue.touched = true;
  });

  test('a new incident above is announced; cursor and rows stay', () => {
    queue.moveTo(queue.rows[3]?.id ?? '');
    const before = ids();
    changed(row('fresh', { severity: 'critical', opened_at: new Date().toISOString() }), true);
    expect(ids()).toEqual(before);
    expect(queue.index).toBe(3);
    expect([...queue.held.keys()]).toEqual(['fresh']);
  });

  test('asking for what is new keeps the cursor on its incident', async () => {
    const id = queue.rows[3]?.id ?? '';
    queue.moveTo(id);
    host.arrive(1);
    await queue.load();
    expect(queue.cursor).toBe(id);
    expect(queue.index).toBe(4);
    expect(queue.held.size).toBe(0);
  });

  test('a change of a row changes it where it is', () => {
    const target = queue.rows[5];
    if (!target) throw new Error('too few rows');
    changed({ ...target, severity: 'informational', owner: 'mo' });
    expect(queue.rows[5]).toMatchObject({ id: target.id, owner: 'mo' });
  });

  test('a row that left the view stays, marked, and is unmarked when it returns', () => {
    const target = queue.rows[5];
    if (!target) throw new Error('too few rows');
    changed({ ...target, state: 'closed' });
    expect(queue.rows[5]?.id).toBe(target.id);
    expect(queue.left.has(target.id)).toBe(true);
    changed(target);
    expect(queue.left.has(target.id)).toBe(false);
  });

  test('a held row that no longer fits is not announced any more', () => {
    const fresh = row('fresh', { severity: 'critical', opened_at: new Date().toISOString() });
    changed(fresh, true);
    changed({ ...fresh, state: 'closed' });
    expect(queue.held.size).toBe(0);
  });

  test('nobody at the machine: the queue fills by itself', async () => {
    const empty = new Queue(new FakeHost('empty', 0), () => 'mo');
    await empty.load();
    for (const id of ['a', 'b', 'c']) {
      empty.receive({ type: 'incident_changed', row: row(id, { opened_at: at(id.charCodeAt(0)) }), is_new: true, counts });
    }
    expect(empty.rows).toHaveLength(3);
    empty.receive({ type: 'incident_changed', row: row('a', { severity: 'critical', opened_at: at(97) }), is_new: false, counts });
    expect(empty.rows[0]?.id).toBe('a');
    expect(empty.cursor).toBe(empty.rows[0]?.id);
  });

  test('closing an incident oneself takes it away and moves on to the next', () => {
    const target = queue.rows[4];
    const next = queue.rows[5];
    if (!target || !next) throw new Error('too few rows');
    queue.moveTo(target.id);
    queue.settle({ ...target, state: 'closed' });
    expect(ids()).not.toContain(target.id);
    expect(queue.cursor).toBe(next.id);
  });

  test('a range is selected from where it began, and outlives what happens to its rows', () => {
    queue.moveTo(queue.rows[2]?.id ?? '');
    queue.toggle(queue.rows[2]?.id ?? '');
    queue.extend(1);
    queue.extend(1);
    const chosen = queue.rows.slice(2, 5).map(({ id }) => id);
    expect([...queue.selected]).toEqual(chosen);
    changed(row('fresh', { severity: 'critical', opened_at: new Date().toISOString() }), true);
    const target = queue.rows[3];
    if (!target) throw new Error('too few rows');
    changed({ ...target, severity: 'low' });
    expect(queue.chosen).toEqual(chosen);
    queue.unselect();
    expect(queue.chosen).toEqual([queue.cursor]);
  });

  test('many changes at once make it ask anew and keep the cursor', async () => {
    queue.moveTo(queue.rows[3]?.id ?? '');
    const id = queue.cursor;
    host.arrive(1);
    queue.receive({ type: 'queue_changed', counts });
    await expect.poll(() => queue.rows[0]?.id).toBe('inc_new_1');
    expect(queue.cursor).toBe(id);
  });

  test('the cursor stops at both ends', () => {
    queue.moveToEnd('first');
    queue.move(-1);
    expect(queue.index).toBe(0);
    queue.moveToEnd('last');
    queue.move(1);
    expect(queue.index).toBe(queue.rows.length - 1);
  });

  test('an answer that was overtaken by a newer question is dropped', async () => {
    const real = host.listIncidents;
    let finish: () => void = () => {};
    host.listIncidents = async (query) => {
      if (query.severities?.includes('low')) await new Promise<void>((resolve) => (finish = resolve));
      return real(query);
    };
    const slow = queue.narrow({ severities: ['low'] });
    await queue.narrow({ severities: ['high'] });
    finish();
    await slow;
    expect(new Set(queue.rows.map(({ severity }) => severity))).toEqual(new Set(['high']));
  });
});

describe('paging', () => {
  test('more rows follow without repeating any', async () => {
    const host = new FakeHost('full', 0, 300);
    const queue = new Queue(host, () => 'mo');
    await queue.choose('all');
    expect(queue.rows).toHaveLength(200);
    await queue.loadMore();
    expect(queue.rows).toHaveLength(300);
    expect(new Set(queue.rows.map(({ id }) => id)).size).toBe(300);
    expect(queue.next).toBeNull();
  });
});

describe('any row of many', () => {
  const SIZE = 5_000;
  let host: FakeHost;
  let queue: Queue;
  let all: string[];
  const settled = () => expect.poll(() => queue.loading).toBe(false);
  /** What holds wherever one looks: the rows are a stretch of all, where it says. */
  const check = () => expect(queue.rows.map(({ id }) => id)).toEqual(all.slice(queue.first, queue.first + queue.rows.length));
  const look = async (first: number) => {
    queue.see(first, first + 20);
    await settled();
    check();
    expect(queue.first).toBeLessThanOrEqual(first);
    expect(queue.first + queue.rows.length).toBeGreaterThanOrEqual(Math.min(all.length, first + 21));
  };
  beforeEach(async () => {
    host = new FakeHost('full', 0, SIZE);
    queue = new Queue(host, () => 'mo');
    await host.subscribe((envelope) => queue.receive(envelope.event));
    queue.touched = true;
    await queue.choose('all');
    all = (await host.listIncidents({ limit: SIZE })).rows.map(({ id }) => id);
    expect(all).toHaveLength(SIZE);
  });

  test('the scrollbar stands for all of them', () => expect(queue.length).toBe(SIZE));
  test('the middle, the end and the start are shown when one looks there', async () => {
    for (const first of [2_500, SIZE - 21, 0, 4_000, 3_700, 3_500, 3_900, 199]) await look(first);
  });
  test('rows join above and below without a gap while one goes on', async () => {
    await look(2_500);
    for (let first = 2_500; first > 1_500; first -= 15) await look(first);
    for (let first = 1_500; first < 3_500; first += 15) await look(first);
  });
  test('End and Home go to the last and to the first', async () => {
    await queue.moveToEnd('last');
    expect([queue.cursor, queue.length]).toEqual([all.at(-1), SIZE]);
    check();
    await queue.moveToEnd('first');
    expect(queue.cursor).toBe(all[0]);
    check();
  });
  test('while a thumb is dragged only where it stops is fetched', async () => {
    let asked = 0;
    const list = host.listIncidents;
    host.listIncidents = async (query) => ((asked += 1), list(query));
    for (let first = 300; first < 4_900; first += 10) queue.see(first, first + 20);
    await settled();
    check();
    expect(queue.first + queue.rows.length).toBeGreaterThan(4_890);
    expect(asked).toBeLessThanOrEqual(2);
  });
  test('cursor and selection stay on their incidents, wherever one looks', async () => {
    const id = all[3] ?? '';
    queue.moveTo(id);
    queue.toggle(id);
    await look(4_000);
    expect([queue.cursor, queue.current?.id, queue.chosen]).toEqual([id, id, [id]]);
    await queue.load();
    expect([queue.cursor, queue.current?.id]).toEqual([id, id]);
    check();
    expect(queue.first).toBeGreaterThan(3_000);
    await look(0);
    expect(queue.index).toBe(3);
  });
  test('the next key moves the cursor to where one looks', async () => {
    queue.moveTo(all[3] ?? '');
    await look(4_000);
    queue.move(1);
    expect(queue.cursor).toBe(all[4_000]);
  });
  test('what arrives above is announced and moves nothing', async () => {
    await look(4_000);
    const before = [...queue.rows];
    host.arrive(1);
    expect(queue.rows).toEqual(before);
    expect(queue.held.size).toBe(1);
  });
  test('a range does not reach over rows that were never fetched', async () => {
    queue.toggle(all[3] ?? '');
    await look(4_000);
    queue.extendTo(all[4_000] ?? '');
    expect([...queue.selected].toSorted()).toEqual([all[3], all[4_000]].toSorted());
  });
  test('what came above meanwhile leaves no gap when one goes up', async () => {
    await look(4_000);
    for (let number = 0; number < 5; number += 1) host.arrive(number);
    all = (await host.listIncidents({ limit: SIZE + 5 })).rows.map(({ id }) => id);
    queue.see(queue.first + 5, queue.first + 25);
    await settled();
    check();
  });
});

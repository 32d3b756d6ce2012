import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import App from '../src/App.svelte';
import { fitting, template } from '../src/features/queue/columns';
import { FakeHost } from '$lib/platform/fake/host';
import { randomFrom } from '$lib/platform/fake/random';
import { COLUMNS, look } from '$lib/state/look.svelte';
import { NO_FILTER, queryText, readQuery, TABS, takeTab, takeTokens, type Filter } from '$lib/state/queue-filter';
import { Queue } from '$lib/state/queue.svelte';
import { Views } from '$lib/state/views.svelte';
import { INCIDENT_STATES, SEVERITIES } from '$lib/words/labels';

vi.mock('../src/features/reach/ReachGraph.svelte', () => import('./Nothing.svelte'));

beforeEach(() => look.choose({ columns: ['technique', 'asset', 'account', 'state', 'age', 'owner'], density: 'normal' }));

describe('a query as text', () => {
  test('says the tab and every filter', () =>
    expect(queryText('unowned', { ...NO_FILTER, text: 'web role', severities: ['high'], states: ['new'], account: 'acme prod', owner: 'me', younger: '2h', older: '30m' })).toBe(
      'in:unowned severity:high state:new account:"acme prod" owner:me age<2h age>30m web role',
    ));
  test('without a tab it is asked of what is open', () => expect(readQuery('severity:high')).toEqual({ tab: 'open', filter: { ...NO_FILTER, severities: ['high'] } }));
  test('a tab that there is not stays text', () => expect(takeTab('in:nowhere web')).toEqual({ tab: null, text: 'in:nowhere web' }));
  test('quotes hold spaces and quotes', () => {
    expect(takeTokens({ ...NO_FILTER, text: 'owner:"Ana ""Z"" Lima" web' })).toMatchObject({ owner: 'Ana "Z" Lima', text: 'web' });
    expect(takeTokens({ ...NO_FILTER, text: 'owner:"Ana Li' })).toMatchObject({ owner: '"Ana', text: 'Li' });
  });
  test('a space at the end is kept for who is typing', () => expect(takeTokens({ ...NO_FILTER, text: 'severity:high web ' }).text).toBe('web '));

  test('what was asked reads back as the same, whatever it was', () => {
    const random = randomFrom(3);
    const some = <T>(list: readonly T[]): T[] => list.filter(() => random() < 0.3);
    const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const names = [null, 'me', 'ana', 'Ana Lima', '"', '"a', 'a"b', 'a "b" c', ' x', '12', 'owner:x', 'größe'];
    for (let round = 0; round < 600; round += 1) {
      const filter: Filter = {
        text: some(['web', 'age<2y', 'severity:loud', '"quoted', 'it"s', 'in:none', 'a:b']).join(' '),
        severities: some(SEVERITIES),
        states: some(INCIDENT_STATES),
        account: one(names),
        owner: one(names),
        younger: one([null, '2h']),
        older: one([null, '30m', '7d']),
        order: one(['severity', 'clock'] as const),
      };
      const tab = one(TABS);
      expect(readQuery(queryText(tab, filter)), queryText(tab, filter)).toEqual({ tab, filter });
    }
  });
});

describe('columns', () => {
  test('give way in their order where there is no room, never the title', () => {
    expect(fitting(COLUMNS, 2000)).toEqual(COLUMNS);
    expect(fitting(COLUMNS, 0)).toEqual(COLUMNS);
    expect(fitting(look.columns, 652)).toEqual(['technique', 'asset', 'state', 'age', 'owner']);
    expect(fitting(COLUMNS, 320)).toEqual(['technique', 'owner']);
  });
  test('head and rows share one grid; the technique has no column of its own', () =>
    expect(template(['technique', 'asset', 'age'], 1000)).toBe('26px minmax(0, 1fr) 168px 48px 24px'));
  test('are kept on this machine', () => {
    look.choose({ columns: ['age'], density: 'roomy' });
    look.columns = [];
    look.start();
    expect([look.columns, look.density]).toEqual([['age'], 'roomy']);
  });
});

describe('saved views', () => {
  async function opened(): Promise<{ host: FakeHost; queue: Queue; views: Views }> {
    const host = new FakeHost('full', 1, 40);
    const queue = new Queue(host, () => 'mo');
    const views = new Views(host, queue);
    await views.load();
    return { host, queue, views };
  }
  const named = (views: Views, name: string) => {
    const view = views.list.find((known) => known.name === name);
    if (!view) throw new Error(name);
    return view;
  };

  test('one asks its query and shows its own columns; another tab leaves it', async () => {
    const { queue, views } = await opened();
    await views.show(named(views, 'Night shift'));
    expect([queue.tab, queue.filter.severities, queue.filter.younger]).toEqual(['unowned', ['critical', 'high'], '12h']);
    expect([views.current?.name, views.density, views.columns.includes('sources')]).toEqual(['Night shift', 'roomy', true]);
    await queue.choose('all');
    expect([views.current, views.density, views.columns]).toEqual([null, 'normal', look.columns]);
  });

  test('what is changed in it is a change until it replaces it', async () => {
    const { queue, views } = await opened();
    await views.show(named(views, 'Night shift'));
    expect(views.changed).toBe(false);
    views.choose({ density: 'compact' });
    expect([views.changed, look.density]).toEqual([true, 'normal']);
    await queue.narrow({ owner: 'none' });
    await views.replace(named(views, 'Night shift'));
    expect(views.changed).toBe(false);
    expect(named(views, 'Night shift')).toMatchObject({ density: 'compact', query: 'in:unowned severity:critical severity:high owner:none age<12h' });
  });

  test('without a look of its own the reader’s is changed', async () => {
    const { views } = await opened();
    await views.show(named(views, 'Mine'));
    views.choose({ density: 'compact' });
    expect([views.changed, look.density]).toEqual([false, 'compact']);
  });

  test('clearing the filter leaves it', async () => {
    const { queue, views } = await opened();
    await views.show(named(views, 'Mine'));
    await queue.clear();
    expect(views.current).toBeNull();
  });
});

describe('the window', () => {
  const press = (key: string) => fireEvent.keyDown(document.activeElement ?? window, { key });
  async function open(): Promise<FakeHost> {
    const host = new FakeHost('full', 1, 40);
    render(App, { host });
    await screen.findAllByTestId('queue-row');
    return host;
  }

  test('g v lists the views; j and enter show one', async () => {
    await open();
    await press('g');
    await press('v');
    const lines = await screen.findAllByTestId('view-line');
    expect(lines.map((line) => line.dataset['pointed'])).toEqual(['true', 'false', 'false']);
    await press('j');
    await press('j');
    await press('Enter');
    await waitFor(() => expect(screen.queryByTestId('views-dialog')).toBeNull());
    expect(screen.getByTestId('views-open').textContent).toContain('Store, not yet contained');
    await waitFor(() => expect(screen.getAllByTestId('queue-row').every((row) => ['new', 'triaged'].includes(row.dataset['state'] ?? ''))).toBe(true));
  });

  test('what is shown is saved, renamed and deleted by keyboard; a name is used once', async () => {
    const host = await open();
    await fireEvent.click(screen.getByTestId('queue-tab-critical'));
    await press('g');
    await press('v');
    await screen.findByTestId('views-dialog');
    await press('s');
    const field = screen.getByTestId('view-name');
    await waitFor(() => expect(document.activeElement).toBe(field));
    await fireEvent.input(field, { target: { value: 'night SHIFT' } });
    await fireEvent.keyDown(field, { key: 'Enter' });
    expect((await screen.findByTestId('toast')).textContent).toContain('called Night shift already');
    await fireEvent.input(field, { target: { value: 'Burning' } });
    await fireEvent.click(screen.getByTestId('view-look'));
    await fireEvent.keyDown(field, { key: 'Enter' });
    await waitFor(() => expect(screen.queryByTestId('views-dialog')).toBeNull());
    expect((await host.listViews()).find((view) => view.name === 'Burning')).toMatchObject({ query: 'in:critical', columns: [...look.columns], density: 'normal' });

    await press('g');
    await press('v');
    const line = (await screen.findAllByTestId('view-line')).find((known) => known.dataset['pointed'] === 'true');
    expect(line?.textContent).toContain('Burning');
    await press('r');
    await waitFor(() => expect(document.activeElement).toBe(screen.getByTestId('view-name')));
    await fireEvent.input(screen.getByTestId('view-name'), { target: { value: 'What burns' } });
    await fireEvent.keyDown(screen.getByTestId('view-name'), { key: 'Enter' });
    await waitFor(async () => expect((await host.listViews()).map((view) => view.name)).toContain('What burns'));
    const burning = (await screen.findAllByTestId('view-line')).find((known) => known.textContent?.includes('What burns'));
    if (!burning) throw new Error('it is not listed');
    await fireEvent.pointerMove(burning);
    await fireEvent.click(within(burning).getByTestId('view-delete'));
    expect(await host.listViews()).toHaveLength(4);
    await fireEvent.click(within(burning).getByTestId('view-delete'));
    await waitFor(async () => expect(await host.listViews()).toHaveLength(3));
  });

  test('a view that carries its columns shows them and its row height', async () => {
    await open();
    await press('g');
    await press('v');
    await screen.findAllByTestId('view-line');
    await press('j');
    await press('Enter');
    const rows = await screen.findAllByRole('option');
    await waitFor(() => expect(rows[0]?.style.height ?? screen.getAllByRole('option')[0]?.style.height).toBeTruthy());
    await waitFor(() => expect(screen.getAllByRole('option')[0]?.style.height).toBe('46px'));
    expect(screen.getByText('Findings')).toBeTruthy();
    expect(screen.queryByText('Account', { selector: '.head span' })).toBeNull();
  });
});

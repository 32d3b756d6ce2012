import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import App from '../src/App.svelte';
import { FakeHost } from '$lib/platform/fake/host';
import { jsonPlaces } from '$lib/words/json-places';

vi.mock('../src/features/reach/ReachGraph.svelte', () => import('./Nothing.svelte'));
beforeAll(() => {
  Element.prototype.scrollIntoView ??= () => {};
});
const press = (key: string) => fireEvent.keyDown(document.activeElement ?? window, { key });

describe('places', () => {
  const of = (value: unknown) => jsonPlaces(JSON.stringify(value, null, 2));
  test('members, items and what is within them', () => {
    expect([...of({ a: 1, b: { c: 'x', d: [true, { e: null }] }, f: [] })]).toEqual([['a', 1], ['b.c', 3], ['b.d[0]', 5], ['b.d[1].e', 7]]);
  });
  test('marks of JSON within a string are text', () => expect([...of({ a: '},{"b":[1,\n2', c: '\\"' })]).toEqual([['a', 1], ['c', 2]]));
  test('a name is what it says, not how it is written', () => expect(jsonPlaces('{"a\\u0062": 1}').get('ab')).toBe(0));
  test('numbers of every form', () => expect([...of([-1.5e-7, 0])]).toEqual([['[0]', 1], ['[1]', 2]]));
  test('a list at the top', () => expect(of([{ id: 'x' }]).get('[0].id')).toBe(2));
  test('on one line everything stands on the first', () => expect(jsonPlaces('{"a":{"b":1},"c":2}').get('c')).toBe(0));
  test.each(['', 'not json at all', '{"a":', '{"a', ']]]', '"', '{"a\\'])('%s does no harm', (text) => expect(() => jsonPlaces(text)).not.toThrow());
});

describe('the alert beside what was read out of it', () => {
  async function open(): Promise<void> {
    location.hash = '#/incident/inc_0000';
    render(App, { host: new FakeHost('full', 1, 5) });
    await fireEvent.click(await screen.findByTestId('why-findings'));
    const [raw] = await screen.findAllByTestId('finding-raw');
    if (raw) await fireEvent.click(raw);
    await screen.findByTestId('raw-json');
  }
  const markedLines = () => [...screen.getByTestId('raw-json').querySelectorAll('.marked')].map((line) => line.textContent);

  test('a field says where it was found, that it was derived, or that nothing is said of it', async () => {
    await open();
    const said = Object.fromEntries(screen.getAllByTestId('raw-field').map((field) => [field.dataset['name'], [field.dataset['said'], field.textContent]]));
    expect(said['cloud.region']).toEqual(['found', expect.stringContaining('entitySnapshot.region')]);
    expect(said['finding_info.attacks[].tactic.uid']).toEqual(['derived', expect.stringContaining('derived')]);
    expect(said['status changed']).toEqual(['no', expect.stringContaining('not said')]);
    expect(screen.getByTestId('raw-alert').textContent).toContain('riskScoreV3” was not understood');
  });

  test('choosing one marks its line, by mouse and by keyboard', async () => {
    await open();
    expect(markedLines()).toEqual([]);
    const region = screen.getAllByTestId('raw-field').find((field) => field.dataset['name'] === 'cloud.region');
    if (region) await fireEvent.click(region);
    expect(markedLines()).toEqual([expect.stringContaining('"region": "eu-central-1"')]);
    await press('j');
    expect(markedLines()).toEqual([]);
    await press('j');
    expect(markedLines()).toEqual([expect.stringContaining('"T1496"')]);
    await press('k');
    await press('k');
    await press('k');
    await press('k');
    expect(markedLines()).toHaveLength(2);
  });

  test('the keys are the dialog’s: the plan beneath does not move', async () => {
    await open();
    await press('j');
    expect(location.hash).toBe('#/incident/inc_0000');
  });

  test('what is hostile in it is text', async () => {
    await open();
    const json = screen.getByTestId('raw-json');
    expect(json.querySelector('img')).toBeNull();
    expect(json.textContent).toContain('<img src=x onerror=alert(1)>');
    expect(json.textContent).not.toContain('\u202e');
    expect(within(json).getByText('U+202E')).toBeTruthy();
  });
});

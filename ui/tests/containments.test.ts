import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, test } from 'vitest';
import App from '../src/App.svelte';
import { FakeHost } from '$lib/platform/fake/host';
import type { Scenario } from '$lib/platform/fake/workspace';
import { need } from '$lib/words/leases';

async function open(scenario: Scenario = 'full'): Promise<FakeHost> {
  location.hash = '#/containments';
  const host = new FakeHost(scenario, 0);
  render(App, { host });
  await screen.findByTestId('containments');
  return host;
}

const rows = (): HTMLElement[] => screen.queryAllByTestId('lease-row');
const press = (key: string): Promise<boolean> => fireEvent.keyDown(window, { key });

describe('the containment board', () => {
  beforeEach(() => {
    location.hash = '';
  });

  test('those that need somebody come first, and say why', async () => {
    await open();
    await waitFor(() => expect(rows().length).toBe(5));
    expect(rows().map((row) => row.dataset['standing'])).toEqual(['broken', 'unproven', 'holds', 'holds', 'holds']);
    expect((await screen.findByTestId('lease-need')).textContent).toContain('does not hold');
    expect(screen.getByTestId('rail-containments').getAttribute('aria-label')).toContain('1 not holding');
  });

  test('a read is asked for by key and shows when it is over', async () => {
    const host = await open();
    await waitFor(() => expect(rows().length).toBe(5));
    await press('j');
    await press('r');
    await waitFor(() => expect(rows()[1]?.dataset['standing']).toBe('holds'));
    expect((await host.listLeases(false)).leases[1]?.proved_at).not.toBeNull();
  });

  test('giving one up takes a reason, and it is gone from what is held', async () => {
    const host = await open();
    await waitFor(() => expect(rows().length).toBe(5));
    await press('x');
    const confirm = await screen.findByTestId<HTMLButtonElement>('release-confirm');
    expect(confirm.disabled).toBe(true);
    await fireEvent.input(screen.getByTestId('release-reason'), { target: { value: 'the key was rotated' } });
    await fireEvent.click(confirm);
    await waitFor(() => expect(rows().length).toBe(4));
    const ended = (await host.listLeases(true)).leases.find((lease) => lease.step === 'stp_h_2');
    expect(ended?.end?.reason).toBe('mo: the key was rotated');
  });

  test('holding one longer moves its review', async () => {
    const host = await open();
    await waitFor(() => expect(rows().length).toBe(5));
    const before = (await host.listLeases(false)).leases[0]?.review_at ?? '';
    await press('h');
    await fireEvent.click(await screen.findByTestId('renew-7d'));
    await fireEvent.click(screen.getByTestId('renew-confirm'));
    await waitFor(async () => expect(((await host.listLeases(false)).leases[0]?.review_at ?? '') > before).toBe(true));
  });

  test('nothing held is said, not shown as an empty list', async () => {
    await open('quiet');
    expect(await screen.findByText('Nothing is contained')).toBeTruthy();
  });

  test('what is pressing is said before what is not', async () => {
    const [broken] = (await new FakeHost('full', 0).listLeases(false)).leases;
    if (broken === undefined) throw new Error('the invented board is empty');
    expect(need({ ...broken, step_state: 'unknown' })).toContain('interrupted');
    expect(need({ ...broken, standing: 'holds', is_due: true, owner: null })).toContain('review');
    expect(need({ ...broken, standing: 'holds', is_due: false, owner: null })).toContain('nobody');
    expect(need({ ...broken, end: { at: broken.since, kind: 'undone', reason: null } })).toBeNull();
  });
});

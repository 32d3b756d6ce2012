import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test, vi } from 'vitest';
import App from '../src/App.svelte';
import { HostError } from '$lib/platform/host';
import { FakeHost } from '$lib/platform/fake/host';
import type { Scenario } from '$lib/platform/fake/workspace';

vi.mock('../src/features/reach/ReachGraph.svelte', () => import('./Nothing.svelte'));

async function open(incident = 'inc_0000', scenario: Scenario = 'full'): Promise<FakeHost> {
  location.hash = `#/incident/${incident}`;
  const host = new FakeHost(scenario, 1, 5);
  render(App, { host });
  await screen.findByTestId('write-backs');
  return host;
}
const press = (key: string, more: KeyboardEventInit = {}) => fireEvent.keyDown(document.activeElement ?? window, { key, ...more });
const comment = (value: string) => fireEvent.input(screen.getByTestId('write-back-comment'), { target: { value } });

describe('what the sources were told', () => {
  test('only what a source says now is drawn as success', async () => {
    await open();
    const outcome = Object.fromEntries(screen.getAllByTestId('write-back-order').map((order) => [order.dataset['state'], order.querySelector('.verdict')?.classList.contains('proven')]));
    expect(outcome).toEqual({ waiting: false, written: true, already_so: true, impossible: false, failed: false, withdrawn: false });
  });

  test('what waits says when it is tried next, and can be withdrawn', async () => {
    const host = await open();
    const [waiting] = screen.getAllByTestId('write-back-order');
    if (!waiting) throw new Error('no order');
    expect(waiting.textContent).toMatch(/next try in 0\d:\d\d, 3 attempts so far/);
    expect(screen.getAllByTestId('write-back-withdraw')).toHaveLength(1);
    const withdrawn = vi.spyOn(host, 'withdrawWriteBack');
    await fireEvent.click(screen.getByTestId('write-back-withdraw'));
    expect(withdrawn).toHaveBeenCalledWith('inc_0000', 'wb_1');
    await waitFor(() => expect(screen.getAllByTestId('write-back-order')[0]?.dataset['state']).toBe('withdrawn'));
  });

  test('what failed says what to do', async () => {
    await open();
    const failed = screen.getAllByTestId('write-back-order').find((order) => order.dataset['state'] === 'failed');
    expect(failed?.textContent).toContain('Give the service account update:issues');
  });
});

describe('telling them', () => {
  test('t asks for a comment and says who is told', async () => {
    const host = await open();
    await press('t');
    const dialog = await screen.findByTestId('write-back-dialog');
    const told = within(dialog).getAllByTestId('write-back-target');
    expect(told.map((target) => [target.dataset['told'], target.textContent?.trim()])).toEqual([
      ['true', 'wiz, about 1 alert'],
      ['false', expect.stringContaining('orca is not told')],
    ]);
    expect(screen.getByTestId('write-back-send')).toHaveProperty('disabled', true);
    await comment('   ');
    expect(screen.getByTestId('write-back-send')).toHaveProperty('disabled', true);
    const asked = vi.spyOn(host, 'askWriteBack');
    await fireEvent.click(screen.getByTestId('write-back-status-false_positive'));
    await comment(' load test ');
    await fireEvent.click(screen.getByTestId('write-back-send'));
    expect(asked).toHaveBeenCalledWith('inc_0000', 'false_positive', 'load test');
    await waitFor(() => expect(screen.queryByTestId('write-back-dialog')).toBeNull());
    await waitFor(() => expect(screen.getAllByTestId('write-back-order')[0]?.dataset['state']).toBe('waiting'));
  });

  test('a comment alone goes with Ctrl and Enter; Enter is a new line', async () => {
    const host = await open();
    await fireEvent.click(screen.getByTestId('write-back'));
    await screen.findByTestId('write-back-dialog');
    await comment('seen');
    const asked = vi.spyOn(host, 'askWriteBack');
    screen.getByTestId('write-back-comment').focus();
    await press('Enter');
    expect(asked).not.toHaveBeenCalled();
    await press('Enter', { ctrlKey: true });
    expect(asked).toHaveBeenCalledWith('inc_0000', null, 'seen');
  });

  test('a refusal stands in the dialog, and the comment stays', async () => {
    const host = await open();
    host.askWriteBack = async () => {
      throw new HostError({ code: 'refused', message: 'Policy keeps critical incidents open.', retryable: false });
    };
    await press('t');
    await screen.findByTestId('write-back-dialog');
    await comment('over');
    await fireEvent.click(screen.getByTestId('write-back-send'));
    expect((await screen.findByTestId('write-back-error')).textContent).toContain('Policy keeps');
    expect(screen.getByTestId('write-back-comment')).toHaveProperty('value', 'over');
  });

  test('where nothing can be written the reason stands instead, and the key gives it too', async () => {
    await open('inc_0001', 'phase1');
    expect(screen.getByTestId('write-back')).toHaveProperty('disabled', true);
    expect(screen.getByTestId('write-back-blocked').textContent).toContain('Phase 1 is read-only');
    await press('t');
    expect(screen.queryByTestId('write-back-dialog')).toBeNull();
    expect((await screen.findByTestId('toast')).dataset['tone']).toBe('refused');
  });
});

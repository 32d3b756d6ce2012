import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test, vi } from 'vitest';
import App from '../src/App.svelte';
import { FakeHost } from '$lib/platform/fake/host';
import { ownTime, snoozeChoices, timeText } from '$lib/state/snooze';
import { ahead } from '$lib/words/time';

vi.mock('../src/features/reach/ReachGraph.svelte', () => import('./Nothing.svelte'));

const HOUR = 3_600_000;

describe('until when', () => {
  test('mornings are the viewer’s, and Monday is never today', () => {
    for (let day = 1; day <= 14; day += 1) {
      const now = new Date(2026, 10, day, 14, 20);
      const choices = snoozeChoices(now);
      const [hour, hours, tomorrow, monday] = choices;
      expect(hour?.until.getTime()).toBe(now.getTime() + HOUR);
      expect(hours?.until.getTime()).toBe(now.getTime() + 4 * HOUR);
      expect([tomorrow?.until.getHours(), tomorrow?.until.getDate()]).toEqual([9, day + 1]);
      if (now.getDay() === 0) {
        expect(choices).toHaveLength(3);
        expect(tomorrow?.until.getDay()).toBe(1);
      } else {
        expect([monday?.until.getDay(), monday?.until.getHours()]).toEqual([1, 9]);
        expect(monday?.until.getTime()).toBeGreaterThan(tomorrow?.until.getTime() ?? Infinity);
        expect((monday?.until.getTime() ?? Infinity) - now.getTime()).toBeLessThan(7 * 24 * HOUR);
      }
    }
  });

  test('a morning over a change of the clocks is still nine', () => {
    for (const [month, day] of [[2, 28], [9, 24]] as const) {
      const [, , tomorrow] = snoozeChoices(new Date(2026, month, day, 22));
      expect(tomorrow?.until.getHours()).toBe(9);
    }
  });

  test('what is typed is a date, a time of today or so long from now, ahead and within 30 days', () => {
    const now = new Date(2026, 10, 23, 10, 0);
    const typed = (text: string) => ownTime(text, now)?.getTime();
    expect(typed('2026-11-24 09:30')).toBe(new Date(2026, 10, 24, 9, 30).getTime());
    expect(typed(' 14:05 ')).toBe(new Date(2026, 10, 23, 14, 5).getTime());
    expect(typed('90m')).toBe(now.getTime() + 1.5 * HOUR);
    expect(typed('30d')).toBe(now.getTime() + 30 * 24 * HOUR);
    for (const bad of ['', '09:59', '2026-11-23 10:00', '2027-01-01 09:00', '31d', '25:00', '2026-13-01 09:00', 'tomorrow', '-1h']) {
      expect(typed(bad), bad).toBeUndefined();
    }
    const until = new Date(2026, 10, 24, 9, 5);
    expect(typed(timeText(until))).toBe(until.getTime());
  });

  test('what is left is said in the largest unit', () => {
    const from = Date.parse('2026-11-23T10:00:00Z');
    const left = (milliseconds: number) => ahead(new Date(from + milliseconds).toISOString(), from);
    expect([left(-1), left(1), left(59 * 60_000), left(HOUR), left(47 * HOUR), left(49 * HOUR)]).toEqual(['now', '1 min', '59 min', '1 h', '47 h', '2 d']);
  });
});

describe('snoozing', () => {
  async function open(): Promise<FakeHost> {
    location.hash = '#/queue';
    const host = new FakeHost('full', 1, 40);
    render(App, { host });
    await screen.findAllByTestId('queue-row');
    return host;
  }
  const press = (key: string) => fireEvent.keyDown(document.activeElement ?? window, { key });

  test('two are put off until the same time, leave the open list, and come back with z', async () => {
    const host = await open();
    const ids = screen.getAllByTestId('queue-row').slice(0, 2).map((row) => row.dataset['incident'] ?? '');
    const before = ids.map((id) => host.row(id).state);
    await press('x');
    await press('J');
    await press('s');
    const dialog = await screen.findByTestId('snooze-dialog');
    await fireEvent.click(within(dialog).getByTestId('snooze-tomorrow'));
    await fireEvent.click(within(dialog).getByTestId('snooze-confirm'));
    await waitFor(() => expect(ids.map((id) => host.row(id).state)).toEqual(['snoozed', 'snoozed']));
    expect(new Date(host.row(ids[0] ?? '').snoozed_until ?? '').getHours()).toBe(9);
    await waitFor(() => expect(screen.queryAllByTestId('queue-row').some((row) => ids.includes(row.dataset['incident'] ?? ''))).toBe(false));
    await press('z');
    await waitFor(() => expect(ids.map((id) => host.row(id).state)).toEqual(before));
    expect(host.row(ids[0] ?? '').snoozed_until).toBeNull();
  });

  test('one that is put off is woken from the same dialog, and its steps wait', async () => {
    const host = await open();
    const id = host.rows.find((row) => row.state === 'planned')?.id ?? '';
    await host.changeIncidents({ incidents: [id], wish: { kind: 'snooze', until: new Date(Date.now() + HOUR).toISOString() } });
    const { plan } = await host.getIncident(id);
    expect(plan?.steps.some((step) => step.can.run || step.can.approve)).toBe(false);
    location.hash = `#/incident/${id}`;
    window.dispatchEvent(new HashChangeEvent('hashchange'));
    await fireEvent.click(await screen.findByTestId('incident-snooze'));
    await fireEvent.click(await screen.findByTestId('snooze-wake'));
    await waitFor(() => expect(host.row(id).state).toBe('planned'));
  });
});

import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FindingView, SuppressionPreview } from '$wire';
import App from '../src/App.svelte';
import { HostError } from '$lib/platform/host';
import { FakeHost } from '$lib/platform/fake/host';
import { leadOf, SuppressionForm } from '$lib/state/suppression.svelte';

vi.mock('../src/features/reach/ReachGraph.svelte', () => import('./Nothing.svelte'));

async function finding(host: FakeHost, change: Partial<FindingView> = {}): Promise<FindingView> {
  const { findings } = await host.getIncident('inc_0012');
  return { ...(findings[0] as FindingView), ...change };
}

describe('the form', () => {
  let host: FakeHost;
  beforeEach(() => {
    vi.useFakeTimers();
    host = new FakeHost('full', 1, 300);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test('goes by the worst finding, of these by the earliest', async () => {
    const one = await finding(host);
    const at = (id: string, severity: FindingView['severity'], created: string | null) => ({ ...one, id, severity, created_at: created });
    const low = at('low', 'low', '2026-01-01T00:00:00Z');
    const late = at('late', 'high', '2026-03-01T00:00:00Z');
    const early = at('early', 'high', '2026-02-01T00:00:00Z');
    const undated = at('undated', 'high', null);
    expect(leadOf([low, undated, late, early])?.id).toBe('early');
    expect(leadOf([])).toBeNull();
  });

  test('starts narrow, and offers only what the finding has', async () => {
    const form = new SuppressionForm(host, await finding(host));
    expect([...form.parts]).toEqual(['rule', 'asset']);
    expect(form.scope).toMatchObject({ source: 'wiz', account: null, tag: null });
    const bare = new SuppressionForm(host, await finding(host, { rule: null, asset: null, tags: {} }));
    expect([...bare.parts]).toEqual(['account']);
    expect([bare.offers('rule'), bare.offers('tag')]).toEqual([false, false]);
    expect(bare.scope.source).toBeNull();
  });

  test('a tag is meant with its value, or with any', async () => {
    const form = new SuppressionForm(host, await finding(host, { tags: { team: 'web', empty: '' } }));
    form.flip('tag');
    expect([form.scope.tag, form.scope.tag_value]).toEqual(['team', 'web']);
    form.tag = 'empty';
    expect([form.scope.tag, form.scope.tag_value]).toEqual(['empty', '']);
    form.anyValue = true;
    expect([form.scope.tag, form.scope.tag_value]).toEqual(['empty', null]);
  });

  test('hides up to the worst that came, unless the person says otherwise', async () => {
    const form = new SuppressionForm(host, await finding(host, { severity: 'medium' }));
    expect(form.upTo).toBe('medium');
    form.ask(0);
    await vi.runAllTimersAsync();
    expect(form.upTo).toBe(form.preview?.up_to);
    form.chosen = 'informational';
    form.ask(0);
    await vi.runAllTimersAsync();
    expect([form.upTo, form.preview?.findings]).toEqual(['informational', 0]);
  });

  test('nothing is saved whose effect was not seen', async () => {
    const form = new SuppressionForm(host, await finding(host));
    form.reason = 'our scanner';
    expect(form.ready).toBe(false);
    form.ask();
    expect(form.ready).toBe(false);
    await vi.runAllTimersAsync();
    expect(form.ready).toBe(true);
    form.flip('account');
    form.ask();
    expect(form.ready).toBe(false);
    await vi.runAllTimersAsync();
    expect(form.ready).toBe(true);
    form.reason = '  ';
    expect(form.ready).toBe(false);
    form.reason = 'x';
    for (const days of [0, 366, 1.5, Number.NaN]) {
      form.days = days;
      expect(form.ready, String(days)).toBe(false);
    }
    form.days = 365;
    expect(form.ready).toBe(true);
    for (const part of [...form.parts]) form.flip(part);
    form.ask();
    expect([form.preview, form.ready]).toEqual([null, false]);
    expect(form.problem).toContain('Choose what to suppress');
  });

  test('an answer to an older question is dropped, a failure is said', async () => {
    const form = new SuppressionForm(host, await finding(host));
    const answers: ((preview: SuppressionPreview) => void)[] = [];
    const asked = vi.spyOn(host, 'previewSuppression').mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    form.ask(0);
    await vi.runAllTimersAsync();
    form.flip('account');
    form.ask(0);
    await vi.runAllTimersAsync();
    const preview = { days: 30, more: false, up_to: null, by_severity: [], incidents: 0, partly: 0, examples: [], open: [], open_count: 0 };
    answers[1]?.({ ...preview, findings: 2 });
    answers[0]?.({ ...preview, findings: 1 });
    await vi.runAllTimersAsync();
    expect(form.preview?.findings).toBe(2);
    asked.mockRejectedValue(new HostError({ code: 'storage', message: 'disk full', retryable: true }));
    form.ask(0);
    await vi.runAllTimersAsync();
    expect([form.failure?.message, form.asking, form.ready]).toEqual(['disk full', false, false]);
  });

  test('closes what it covers only when that is asked', async () => {
    const form = new SuppressionForm(host, await finding(host));
    form.flip('asset');
    form.ask(0);
    await vi.runAllTimersAsync();
    const open = form.preview?.open.map((one) => one.id);
    expect(open).not.toEqual([]);
    expect(form.draft(0).close).toEqual([]);
    form.close = true;
    expect(form.draft(0)).toMatchObject({ close: open, expires_at: '1970-01-31T00:00:00.000Z' });
  });
});

describe('suppressing', () => {
  const press = (key: string) => fireEvent.keyDown(document.activeElement ?? window, { key });
  async function show(hash: string): Promise<FakeHost> {
    location.hash = hash;
    const host = new FakeHost('full', 1, 300);
    render(App, { host });
    await Promise.resolve();
    return host;
  }

  test('from an incident: seen, saved with what it covers, listed, and taken back', async () => {
    const host = await show('#/incident/inc_0012');
    await screen.findByTestId('incident-title');
    await press('S');
    const dialog = await screen.findByTestId('suppress-dialog');
    await fireEvent.click(await within(dialog).findByTestId('suppress-asset'));
    const confirm = within(dialog).getByTestId<HTMLButtonElement>('suppress-confirm');
    expect(confirm.disabled).toBe(true);
    await fireEvent.input(within(dialog).getByTestId('suppress-reason'), { target: { value: 'our own scanner' } });
    await fireEvent.click(await within(dialog).findByTestId('suppress-close'));
    const { open } = await host.previewSuppression({ source: 'wiz', rule: 'Port scan from an internal scanner', asset: null, account: null, tag: null, tag_value: null }, null);
    const before = open.map(({ id }) => host.row(id).state);
    expect(before.length).toBeGreaterThan(0);
    await waitFor(() => expect(confirm.disabled).toBe(false));
    await fireEvent.click(confirm);
    await waitFor(() => expect(open.every(({ id }) => host.row(id).state === 'closed')).toBe(true));
    expect(await host.listSuppressions(false)).toHaveLength(3);
    await press('z');
    await waitFor(() => expect(open.map(({ id }) => host.row(id).state)).toEqual(before));
    expect(await host.listSuppressions(false)).toHaveLength(2);
  });

  test('rules are listed soonest first, ended, and what a stranger wrote stays text', async () => {
    const host = await show('#/settings/suppression');
    const cards = await screen.findAllByTestId('suppression');
    expect(cards.map((card) => card.dataset['name'])).toEqual(['sup_0', 'sup_1']);
    expect(cards[1]?.querySelector('b')?.textContent).not.toBeNull();
    expect(cards[1]?.textContent).toContain('U+202E');
    expect(cards[1]?.textContent).toContain('<b>');
    await fireEvent.click(within(cards[0] as HTMLElement).getByTestId('suppression-end'));
    await waitFor(() => expect(screen.getAllByTestId('suppression')).toHaveLength(1));
    await fireEvent.click(screen.getByTestId('suppression-all'));
    await waitFor(() => expect(screen.getAllByTestId('suppression')).toHaveLength(3));
    await press('z');
    await waitFor(async () => expect(await host.listSuppressions(false)).toHaveLength(2));
  });
});

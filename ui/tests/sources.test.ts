import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, test, vi } from 'vitest';
import type { SourceDraft } from '$wire';
import App from '../src/App.svelte';
import { backfillShare, breakerText, budgetText, healthOf } from '../src/features/sources/health';
import { HostError } from '$lib/platform/host';
import { FakeHost } from '$lib/platform/fake/host';
import { inventSource } from '$lib/platform/fake/source-states';
import type { Scenario } from '$lib/platform/fake/workspace';

async function open(scenario: Scenario = 'sources', hash = '#/sources'): Promise<FakeHost> {
  location.hash = hash;
  const host = new FakeHost(scenario, 1, 5);
  render(App, { host });
  await Promise.resolve();
  return host;
}
const press = (key: string) => fireEvent.keyDown(document.activeElement ?? window, { key });
const type = (id: string, value: string) => fireEvent.input(screen.getByTestId(id), { target: { value } });
const rowOf = (name: string): HTMLElement => {
  const row = screen.getAllByTestId('source-row').find((known) => known.dataset['name'] === name);
  if (!row) throw new Error(`no row of ${name}`);
  return row;
};
const shown = () => screen.getByTestId('source-panel').dataset['name'];

describe('words', () => {
  const source = inventSource('a', 'wiz', 'Wiz');
  test.each([
    [{}, '✓', 'works'],
    [{ health: 'never_polled' as const }, '○', 'not polled yet'],
    [{ health: 'degraded' as const }, '!', 'retrying by itself'],
    [{ health: 'degraded' as const, failures: 5, breaker_open: true }, '!', 'tried every 5 min since 5 failures in a row'],
    [{ health: 'failed' as const, failures: 9, breaker_open: true }, '✕', 'needs you'],
    [{ health: 'failed' as const, polling: false }, '‖', 'paused'],
  ])('%o is %s %s', (change, glyph, label) => expect(healthOf({ ...source, ...change })).toMatchObject({ glyph, label }));
  test('the breaker says how seldom', () => expect(breakerText({ ...source, failures: 31, breaker_open: true })).toContain('31 failures'));

  const now = Date.parse('2026-11-23T12:00:00Z');
  const budget = { limit: 180, period_seconds: 60, left: 12, blocked_until: null };
  test('a budget has numbers and a period', () => expect(budgetText(budget, now)).toBe('12 of 180 a minute left'));
  test('a period without a name', () => expect(budgetText({ ...budget, period_seconds: 30 }, now)).toBe('12 of 180 in 30 s left'));
  test('asked to stay away', () => expect(budgetText({ ...budget, blocked_until: '2026-11-23T12:05:00Z' }, now)).toMatch(/^asked to stay away until \d\d:05$/));
  test('a block that has passed is none', () => expect(budgetText({ ...budget, blocked_until: '2026-11-23T11:05:00Z' }, now)).toContain('12 of 180'));

  const backfill = { since: '2026-11-13T12:00:00Z', seen_until: '2026-11-18T12:00:00Z', pages: 1, alerts: 1, started_at: '2026-11-23T11:00:00Z', ended_at: null, outcome: null, running: true };
  test('half of the days is half of the bar', () => expect(backfillShare(backfill, now)).toBe(0.5));
  test('nothing read is nothing', () => expect(backfillShare({ ...backfill, seen_until: null }, now)).toBe(0));
  test('complete is all', () => expect(backfillShare({ ...backfill, outcome: 'complete', running: false }, now)).toBe(1));
  test('times that make no sense are nothing', () => expect(backfillShare({ ...backfill, since: 'x' }, now)).toBe(0));
});

describe('page', () => {
  test('each source says how it is doing, what is wrong and what to do', async () => {
    await open();
    await screen.findAllByTestId('source-row');
    expect(screen.getAllByTestId('source-row').map((row) => row.dataset['health'])).toEqual(['ok', 'degraded', 'ok', 'ok', 'failed', 'degraded', 'paused', 'never_polled', 'ok']);
    const bad = rowOf('orca-au');
    expect(within(bad).getByTestId('source-health').textContent).toContain('needs you');
    expect(bad.textContent).toContain('Give the service token the role');
    expect(bad.textContent).toContain('tried every 5 min since 31 failures in a row');
    expect(rowOf('lacework').textContent).toContain('asked to stay away until');
    expect(rowOf('prisma-eu').textContent).toContain('3 not read');
    expect(within(rowOf('wiz')).getByRole('img').getAttribute('aria-label')).toMatch(/alerts in 24 hours, most in one hour/);
  });

  test('j and k move, and the keys act on the source they point at', async () => {
    const host = await open();
    await screen.findAllByTestId('source-row');
    expect(shown()).toBe('wiz');
    await press('k');
    expect(shown()).toBe('wiz');
    await press('j');
    expect(shown()).toBe('prisma-eu');
    await press('z');
    await waitFor(() => expect(rowOf('prisma-eu').dataset['health']).toBe('paused'));
    const polled = vi.spyOn(host, 'pollNow');
    await press('p');
    expect(polled).toHaveBeenCalledWith('prisma-eu');
    await press('t');
    expect((await screen.findByTestId('source-checks')).dataset['ok']).toBe('true');
    await press('j');
    expect(screen.queryByTestId('source-checks')).toBeNull();
    await press('k');
    expect(screen.getByTestId('source-checks')).toBeTruthy();
  });

  test('a back-fill asks for its days, shows how far it is, and can be cancelled and taken up again', async () => {
    const host = await open('full');
    await screen.findAllByTestId('source-row');
    await press('b');
    await screen.findByTestId('backfill-dialog');
    await type('backfill-days', '367');
    expect(screen.getByTestId('backfill-start')).toHaveProperty('disabled', true);
    await type('backfill-days', '90');
    const started = vi.spyOn(host, 'startBackfill');
    await fireEvent.submit(screen.getByTestId('backfill-days').closest('form') ?? window);
    expect(started).toHaveBeenCalledWith('wiz', 90);
    await waitFor(() => expect(screen.queryByTestId('backfill-dialog')).toBeNull());
    await fireEvent.click(await screen.findByTestId('source-backfill-cancel'));
    const resume = await screen.findByTestId('source-backfill-resume');
    expect(within(screen.getByTestId('source-panel')).getByTestId('source-backfill-line').textContent).toContain('back-fill cancelled');
    await fireEvent.click(resume);
    expect(started).toHaveBeenLastCalledWith('wiz', null);
    await waitFor(() => expect(within(screen.getByTestId('source-panel')).getByTestId('source-backfill-line').textContent).toContain('back-filled'));
  });

  test('a back-fill that stopped says why, where it stood', async () => {
    const host = await open();
    await screen.findAllByTestId('source-row');
    host.emit({ type: 'backfill_stopped', name: 'wiz', error: { code: 'upstream', message: 'Wiz answered 500.', retryable: true } });
    await waitFor(() => expect(screen.getByTestId('source-panel').textContent).toContain('It stopped: Wiz answered 500.'));
  });

  test('a reset is asked once more, and says that nothing is lost', async () => {
    const host = await open();
    await screen.findAllByTestId('source-row');
    const reset = vi.spyOn(host, 'resetSource');
    await press('r');
    const dialog = await screen.findByTestId('source-reset-dialog');
    expect(dialog.textContent).toContain('look-back again (7 days)');
    expect(dialog.textContent).toContain('Nothing is lost and nothing is doubled');
    expect(reset).not.toHaveBeenCalled();
    await fireEvent.click(screen.getByTestId('source-reset-dialog-confirm'));
    expect(reset).toHaveBeenCalledWith('wiz');
    await waitFor(() => expect(rowOf('wiz').textContent).toContain('nothing read'));
  });

  test('the question about removing never passes to another source', async () => {
    const host = await open();
    await screen.findAllByTestId('source-row');
    await press('x');
    expect((await screen.findByTestId('source-remove-dialog')).textContent).toContain('Remove wiz?');
    await host.removeSource('wiz');
    await waitFor(() => expect(screen.queryByTestId('source-remove-dialog')).toBeNull());
    expect(shown()).toBe('prisma-eu');
  });

  test('the old address of the settings leads here', async () => {
    await open('full', '#/settings/sources');
    expect(within(await screen.findByTestId('settings-sources')).getByTestId('sources-page')).toBeTruthy();
  });

  test('with many sources the status bar names those in trouble', async () => {
    await open();
    await screen.findAllByTestId('source-row');
    expect(screen.getAllByTestId('status-source').map((item) => item.dataset['health'])).toEqual(['degraded', 'failed', 'degraded']);
    expect(screen.getByTestId('status-sources-calm').textContent).toContain('6 sources without trouble');
  });
});

describe('adding', () => {
  const choose = async (vendor: string): Promise<void> => {
    const choice = (await screen.findAllByTestId('vendor-choice')).find((known) => known.dataset['vendor'] === vendor);
    if (!choice) throw new Error(`no vendor ${vendor}`);
    await fireEvent.click(choice);
    await screen.findByTestId('source-form');
  };
  const submit = () => fireEvent.submit(screen.getByTestId('source-form'));

  test('the form is the vendor’s own: required first, the rest under more', async () => {
    await open('first-run');
    await fireEvent.click(await screen.findByTestId('add-source'));
    await choose('prisma');
    const names = [...screen.getByTestId('source-form').querySelectorAll('[data-testid^="source-field-"]')].map((field) => field.getAttribute('data-testid')?.replace('source-field-', ''));
    expect(names).toEqual(['api_url', 'client_id', 'compute_url', 'lookback_days', 'page_size', 'requests_per_second']);
    expect(within(screen.getByTestId('source-more')).getByTestId('source-field-lookback_days')).toBeTruthy();
    expect(screen.getByTestId('source-unconfirmed').textContent).toContain('429 answers are obeyed');
    expect(screen.getByText('Secret key')).toBeTruthy();
  });

  test('a choice is taken by keyboard, and any other text as well', async () => {
    const host = await open('first-run', '#/sources/add');
    await choose('prisma');
    const field = screen.getByTestId('source-field-api_url');
    await fireEvent.keyDown(field, { key: 'ArrowDown' });
    await fireEvent.keyDown(field, { key: 'ArrowDown' });
    await fireEvent.keyDown(field, { key: 'Enter' });
    expect(field).toHaveProperty('value', 'https://api2.prismacloud.io');
    await type('source-field-api_url', ' https://api.prisma.example ');
    await type('source-field-client_id', 'key');
    await type('source-secret', 'hunter2');
    const sent: SourceDraft[] = [];
    const add = host.addSource;
    host.addSource = (draft) => {
      sent.push(draft);
      return add(draft);
    };
    await submit();
    expect(sent).toEqual([{ name: 'prisma', vendor: 'prisma', values: { api_url: 'https://api.prisma.example', client_id: 'key' }, secret: 'hunter2' }]);
  });

  test('escape closes the open choices first, then leaves; what was typed is there again', async () => {
    await open('first-run', '#/sources/add');
    await choose('orca');
    const field = screen.getByTestId('source-field-api_url');
    await fireEvent.keyDown(field, { key: 'ArrowDown' });
    expect(field.getAttribute('aria-expanded')).toBe('true');
    await fireEvent.keyDown(field, { key: 'Escape' });
    expect(field.getAttribute('aria-expanded')).toBe('false');
    await type('source-field-api_url', 'https://o.example');
    await type('source-secret', 'hunter2');
    await fireEvent.keyDown(field, { key: 'Escape' });
    await screen.findByTestId('sources-page');
    await press('a');
    await screen.findByTestId('source-form');
    expect(screen.getByTestId('source-field-api_url')).toHaveProperty('value', 'https://o.example');
    expect(screen.getByTestId('source-secret')).toHaveProperty('value', '');
  });

  test('what is missing or taken keeps the button away', async () => {
    await open('full', '#/sources/add');
    await choose('wiz');
    expect(screen.getByTestId('source-name')).toHaveProperty('value', 'wiz-2');
    await type('source-field-api_url', 'https://w.example/graphql');
    await type('source-field-client_id', 'id');
    expect(screen.getByTestId('source-submit')).toHaveProperty('disabled', true);
    await type('source-secret', 'hunter2');
    expect(screen.getByTestId('source-submit')).toHaveProperty('disabled', false);
    for (const name of ['wiz', 'two words', '']) {
      await type('source-name', name);
      expect(screen.getByTestId('source-submit')).toHaveProperty('disabled', true);
    }
  });

  test('what was typed stays when adding fails, the secret as well; it leaves with success', async () => {
    const host = await open('first-run', '#/sources/add');
    host.addSource = async () => {
      throw new HostError({ code: 'keychain', message: 'The keychain is locked.', retryable: true });
    };
    await choose('orca');
    await type('source-field-api_url', 'https://o.example');
    await type('source-secret', 'hunter2');
    await submit();
    expect((await screen.findByTestId('source-error')).textContent).toContain('The keychain is locked.');
    expect(screen.getByTestId('source-secret')).toHaveProperty('value', 'hunter2');
    expect(screen.getByTestId('source-field-api_url')).toHaveProperty('value', 'https://o.example');
    host.addSource = (draft) => new FakeHost('first-run', 1, 5).addSource(draft);
    await submit();
    await screen.findByTestId('source-added');
    await fireEvent.click(screen.getByTestId('source-another'));
    await choose('orca');
    expect(screen.getByTestId('source-secret')).toHaveProperty('value', '');
  });

  test('it is added and tested at once, and can then be shown', async () => {
    await open('full', '#/sources/add');
    await choose('orca');
    await type('source-field-api_url', 'https://o.example');
    await type('source-secret', 'hunter2');
    await type('source-name', 'orca-eu');
    await submit();
    await waitFor(() => expect(screen.getByTestId('source-checks').dataset['ok']).toBe('true'));
    await fireEvent.click(screen.getByTestId('source-done'));
    await screen.findAllByTestId('source-row');
    expect(shown()).toBe('orca-eu');
  });

  test('a failed test names the missing permission; correcting takes the source away and keeps the form', async () => {
    const host = await open('degraded', '#/sources/add');
    await choose('orca');
    await type('source-field-api_url', 'https://o.example');
    await type('source-secret', 'hunter2');
    await submit();
    await waitFor(() => expect(screen.getByTestId('source-checks').dataset['ok']).toBe('false'));
    expect(screen.getByTestId('source-checks').textContent).toContain('the permission Viewer is missing');
    await fireEvent.click(screen.getByTestId('source-correct'));
    expect(await screen.findByTestId('source-field-api_url')).toHaveProperty('value', 'https://o.example');
    expect(host.snapshot.sources.map((source) => source.name)).toEqual(['wiz']);
    expect(screen.getByTestId('source-name')).toHaveProperty('value', 'orca');
  });

  test('vendors that can’t be listed are asked for again', async () => {
    location.hash = '#/sources/add';
    const host = new FakeHost('full', 1, 5);
    const real = host.listVendors;
    host.listVendors = async () => {
      throw new HostError({ code: 'internal', message: 'not now', retryable: true });
    };
    render(App, { host });
    expect((await screen.findByRole('alert')).textContent).toContain('not now');
    host.listVendors = real;
    await fireEvent.click(screen.getByText('Try again'));
    expect(await screen.findAllByTestId('vendor-choice')).toHaveLength(5);
  });
});

describe('a queue with messages of its own shape', () => {
  const open_form = async (): Promise<FakeHost> => {
    const host = await open('first-run', '#/sources/add');
    const choice = (await screen.findAllByTestId('vendor-choice')).find((known) => known.dataset['vendor'] === 'sqs');
    await fireEvent.click(choice ?? document.body);
    await screen.findByTestId('source-form');
    return host;
  };
  const row = (field: string): HTMLElement => {
    const found = screen.getAllByTestId('mapping-row').find((known) => known.dataset['field'] === field);
    if (!found) throw new Error(`no row of ${field}`);
    return found;
  };
  const start = async (name: string): Promise<void> => {
    const found = screen.getAllByTestId('mapping-start').find((known) => known.dataset['name'] === name);
    await fireEvent.click(found ?? document.body);
  };

  test('the editor is there with the format only, and starts from what is shipped', async () => {
    await open_form();
    expect(screen.queryByTestId('mapping')).toBeNull();
    await type('source-field-format', 'wiz');
    expect(screen.queryByTestId('mapping')).toBeNull();
    await type('source-field-format', 'mapped');
    expect(screen.getByTestId('mapping-preview').textContent).toContain('Start from a shipped mapping');
    await start('wiz');
    await waitFor(() => expect(row('title').textContent).toContain('Recon:EC2/PortProbeUnprotectedPort'));
    expect(row('title').textContent).toContain('/control/name');
    expect(row('kind').textContent).toContain('constant');
    expect(row('tags').textContent).toContain('not mapped');
    expect(screen.getByTestId('mapping-outcome').textContent).toContain('It becomes a finding');
  });

  test('a fault is told with its line, marked there, and reached by its button', async () => {
    await open_form();
    await type('source-field-format', 'mapped');
    await type('mapping-text', '{\n"version": 1,\n"fields": {\n"vendor_id": "issue.id"}\n}');
    const faults = await screen.findByTestId('mapping-faults');
    expect(faults.textContent).toContain('Write "/issue/id".');
    expect(screen.getByTestId('mapping-text').getAttribute('aria-invalid')).toBe('true');
    expect(screen.getByTestId('mapping-preview').textContent).toContain('Put these right');
    await fireEvent.click(within(faults).getByText('Line 4'));
    const area = screen.getByTestId('mapping-text');
    expect(document.activeElement).toBe(area);
    expect(area).toHaveProperty('selectionStart', 28);
  });

  test('what is not understood and what is missing are said; several alerts are leafed through', async () => {
    await open_form();
    await type('source-field-format', 'mapped');
    await type('mapping-text', '{"version": 1, "fields": {"vendor_id": "/id", "title": "/what", "severity": "/prio"}}');
    await type('mapping-sample', '[{"id": 1, "what": "Miner", "prio": "P9"}, {"what": "Nobody knows which"}]');
    await waitFor(() => expect(row('severity').textContent).toContain('"P9" is not known'));
    await fireEvent.click(screen.getByTestId('mapping-next'));
    expect(screen.getByTestId('mapping-outcome').textContent).toContain('No finding.');
    expect(screen.getByTestId('mapping-outcome').textContent).toContain('kept verbatim');
    await type('mapping-sample', '{"id"');
    await waitFor(() => expect(screen.getByTestId('mapping').textContent).toContain('is not valid JSON'));
    expect(screen.getByTestId('mapping-preview').textContent).toContain('kept as it came');
  });

  test('only the newest answer counts', async () => {
    const host = await open_form();
    const answers: (() => void)[] = [];
    const real = host.previewMapping;
    host.previewMapping = async (mapping, message) => {
      await new Promise<void>((resolve) => answers.push(resolve));
      return real(mapping, message);
    };
    await type('source-field-format', 'mapped');
    await type('mapping-text', '{"version": 1, "fields": {"vendor_id": "/id", "title": "/what"}}');
    await type('mapping-sample', '{"id": 1, "what": "older"}');
    await waitFor(() => expect(answers).toHaveLength(1));
    await type('mapping-sample', '{"id": 1, "what": "newer"}');
    await waitFor(() => expect(answers).toHaveLength(2));
    answers[1]?.();
    await waitFor(() => expect(row('title').textContent).toContain('newer'));
    answers[0]?.();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(row('title').textContent).toContain('newer');
  });

  test('what somebody wrote can be brought back, and a pasted message stays', async () => {
    await open_form();
    await type('source-field-format', 'mapped');
    await type('mapping-text', '{"mine": 1}');
    await type('mapping-sample', '{"pasted": 1}');
    await start('orca');
    expect(screen.getByTestId('mapping-text').textContent).not.toContain('mine');
    expect(screen.getByTestId('mapping-sample')).toHaveProperty('value', '{"pasted": 1}');
    await fireEvent.click(screen.getByTestId('mapping-back'));
    expect(screen.getByTestId('mapping-text')).toHaveProperty('value', '{"mine": 1}');
  });

  test('the mapping goes with the source, the message does not; another format sends no mapping', async () => {
    const host = await open_form();
    await type('source-field-api_url', 'https://sqs.example/1/alerts');
    await type('source-field-region', 'eu-central-1');
    await type('source-field-client_id', 'AKIAEXAMPLE');
    await type('source-secret', 'hunter2');
    await type('source-field-format', 'mapped');
    expect(screen.getByTestId('source-submit')).toHaveProperty('disabled', true);
    await start('orca');
    const sent: SourceDraft[] = [];
    host.addSource = async (draft) => {
      sent.push(draft);
      throw new HostError({ code: 'invalid', message: 'line 1: fields.title is missing.', retryable: false });
    };
    await fireEvent.submit(screen.getByTestId('source-form'));
    expect((await screen.findByTestId('source-error')).textContent).toContain('fields.title is missing');
    expect(sent[0]?.values['mapping']).toContain('"/state/alert_id"');
    expect(JSON.stringify(sent[0])).not.toContain('ledger-exports');
    await type('source-field-format', 'orca');
    await fireEvent.submit(screen.getByTestId('source-form'));
    await waitFor(() => expect(sent).toHaveLength(2));
    expect(Object.keys(sent[1]?.values ?? {})).not.toContain('mapping');
  });

  test('a queue offers neither back-fill nor reset, and shows its mapping', async () => {
    const host = await open('sources');
    await screen.findAllByTestId('source-row');
    await fireEvent.click(rowOf('alerts-queue'));
    expect(screen.queryByTestId('source-backfill')).toBeNull();
    expect(screen.queryByTestId('source-reset')).toBeNull();
    const reset = vi.spyOn(host, 'resetSource');
    await press('r');
    await press('b');
    expect(screen.queryByTestId('source-reset-dialog')).toBeNull();
    expect(screen.queryByTestId('backfill-dialog')).toBeNull();
    expect(reset).not.toHaveBeenCalled();
    expect(screen.getByTestId('source-document').textContent).toContain('"vendor_id": "/id"');
  });
});

import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { afterEach, describe, expect, test, vi } from 'vitest';
import App from '../src/App.svelte';
import { FakeHost } from '$lib/platform/fake/host';
import type { Scenario } from '$lib/platform/fake/workspace';

// The canvas has no place in a test without layout; the list beside it shows the same.
vi.mock('../src/features/reach/ReachGraph.svelte', () => import('./Nothing.svelte'));

async function open(scenario: Scenario = 'full', hash = ''): Promise<FakeHost> {
  location.hash = hash;
  const host = new FakeHost(scenario, 1, 40);
  render(App, { host });
  await Promise.resolve();
  return host;
}
const press = (key: string, held: { ctrlKey?: boolean } = {}) => fireEvent.keyDown(document.activeElement ?? window, { key, ...held });
const current = () => screen.getAllByRole('option', { selected: true })[0];

afterEach(() => vi.restoreAllMocks());

describe('queue', () => {
  test('lists incidents and moves by keyboard', async () => {
    await open();
    const rows = await screen.findAllByTestId('queue-row');
    expect(rows.length).toBeGreaterThan(10);
    const first = current()?.id;
    await press('j');
    expect(current()?.id).not.toBe(first);
    await press('k');
    expect(current()?.id).toBe(first);
  });

  test('a takes the incident under the cursor', async () => {
    const host = await open();
    await screen.findAllByTestId('queue-row');
    await press('j');
    const id = current()?.querySelector('[data-incident]')?.getAttribute('data-incident');
    await press('a');
    await waitFor(() => expect(host.rows.find((row) => row.id === id)?.owner).toBe('mo'));
  });

  test('e asks for a reason, and an empty one closes nothing', async () => {
    const host = await open();
    await screen.findAllByTestId('queue-row');
    const id = host.rows[0]?.id;
    await press('e');
    const dialog = await screen.findByTestId('close-dialog');
    const confirm = within(dialog).getByTestId('close-confirm');
    expect(confirm).toHaveProperty('disabled', true);
    await fireEvent.click(within(dialog).getByTestId('close-false_positive'));
    await fireEvent.input(within(dialog).getByTestId('close-reason'), { target: { value: 'load test' } });
    await fireEvent.click(confirm);
    await waitFor(() => expect(host.rows.find((row) => row.id === id)?.state).toBe('false_positive'));
  });

  test('a filter is completed as it is typed', async () => {
    const host = await open();
    await screen.findAllByTestId('queue-row');
    await press('/');
    const field = screen.getByTestId('queue-search');
    await fireEvent.focus(field);
    await fireEvent.input(field, { target: { value: 'sev' } });
    expect((await screen.findAllByTestId('completion')).map((option) => option.textContent)).toHaveLength(1);
    await fireEvent.keyDown(field, { key: 'Tab' });
    expect(field).toHaveProperty('value', 'severity:');
    await fireEvent.keyDown(field, { key: 'ArrowDown' });
    await fireEvent.keyDown(field, { key: 'ArrowDown' });
    await fireEvent.keyDown(field, { key: 'Enter' });
    await waitFor(() => expect(field).toHaveProperty('value', ''));
    const high = host.rows.filter((row) => row.severity === 'high').map((row) => row.id);
    await waitFor(() => expect(screen.getAllByTestId('queue-row').every((row) => high.includes(row.dataset['incident'] ?? ''))).toBe(true));
  });

  test('several are selected, closed for one reason, and taken back with z', async () => {
    const host = await open();
    const ids = (await screen.findAllByTestId('queue-row')).slice(0, 3).map((row) => row.dataset['incident']);
    const states = () => ids.map((id) => host.rows.find((row) => row.id === id)?.state);
    const before = states();
    await press('x');
    await press('J');
    await press('J');
    expect((await screen.findByTestId('queue-selection')).textContent).toContain('3 incidents selected');
    await press('e');
    const dialog = await screen.findByTestId('close-dialog');
    await fireEvent.click(within(dialog).getByTestId('close-false_positive'));
    await fireEvent.click(within(dialog).getByTestId('cause-test'));
    await fireEvent.input(within(dialog).getByTestId('close-reason'), { target: { value: 'our own scanner' } });
    await fireEvent.click(within(dialog).getByTestId('close-confirm'));
    await waitFor(() => expect(states()).toContain('false_positive'));
    await waitFor(() => expect(screen.queryByTestId('queue-selection')).toBeNull());
    await press('z');
    await waitFor(() => expect(states()).toEqual(before));
  });

  test('two are merged into the one that is kept', async () => {
    const host = await open();
    const [gone, kept] = (await screen.findAllByTestId('queue-row')).map((row) => row.dataset['incident']);
    await press('x');
    await press('J');
    await press('m');
    const dialog = await screen.findByTestId('merge-dialog');
    const choices = within(dialog).getAllByTestId('merge-into');
    expect(choices).toHaveLength(2);
    await fireEvent.click(choices[1] as HTMLElement);
    await fireEvent.click(within(dialog).getByTestId('merge-confirm'));

    await waitFor(async () => expect((await host.getIncident(gone ?? '')).merged_into?.id).toBe(kept));
  });

  test('all that match are selected, those not listed too', async () => {
    await open();
    await screen.findAllByTestId('queue-row');
    await press('a', { ctrlKey: true });
    expect((await screen.findByTestId('queue-selection')).textContent).toMatch(/\d+ incidents selected/);
    await press('Escape');
    await waitFor(() => expect(screen.queryByTestId('queue-selection')).toBeNull());
  });

  test('a new incident is announced, not pushed in', async () => {
    const host = await open();
    const before = (await screen.findAllByTestId('queue-row')).map((row) => row.dataset['incident']);
    await fireEvent.pointerMove(window);
    host.arrive(1);
    expect(await screen.findByTestId('queue-new')).toHaveProperty('textContent', expect.stringContaining('1 new incident, 1 critical'));
    expect(screen.getAllByTestId('queue-row').map((row) => row.dataset['incident'])).toEqual(before);
    await press('n');
    await waitFor(() => expect(screen.getAllByTestId('queue-row')[0]?.dataset['incident']).toBe('inc_new_1'));
  });

  test('with no source it says what to do', async () => {
    await open('first-run');
    await fireEvent.click(await screen.findByTestId('empty-add-source'));
    expect(await screen.findAllByTestId('vendor-choice')).toHaveLength(5);
  });
});

describe('incident', () => {
  test('what is related is a list and a key away, and is offered for merging', async () => {
    const host = await open('full', '#/incident/inc_0000');
    await fireEvent.click(await screen.findByTestId('why-related'));
    const related = (await screen.findAllByTestId('related-open')).map((button) => button.dataset['label']);
    expect(related).toHaveLength(3);
    await press('m');
    const dialog = await screen.findByTestId('merge-dialog');
    expect(within(dialog).getAllByTestId('merge-into').slice(0, related.length).map((choice) => choice.dataset['label'])).toEqual(related);
    await press('Escape');
    await waitFor(() => expect(screen.queryByTestId('merge-dialog')).toBeNull());
    await press('n');
    await waitFor(() => expect(location.hash).toBe(`#/incident/${host.rows.find((row) => row.label === related[0])?.id}`));
  });

  test('a merged incident says where its findings are, and is taken out again', async () => {
    const host = await open('full', '#/incident/inc_0001');
    await screen.findByTestId('incident-title');
    await host.changeIncidents({ incidents: ['inc_0001'], wish: { kind: 'merge', into: 'inc_0000' } });
    expect((await screen.findByTestId('merged-into')).textContent).toBe(host.row('inc_0000').label);
    await fireEvent.click(screen.getByTestId('unmerge'));
    await waitFor(() => expect(screen.queryByTestId('merged-into')).toBeNull());
  });

  test('a note is written with c and stands in the timeline', async () => {
    await open('full', '#/incident/inc_0000');
    await screen.findByTestId('timeline');
    await press('c');
    const field = screen.getByTestId('note');
    expect(document.activeElement).toBe(field);
    await fireEvent.input(field, { target: { value: 'Called the owner.' } });
    await fireEvent.keyDown(field, { key: 'Enter' });
    await waitFor(() => expect(screen.getByTestId('timeline').textContent).toContain('Called the owner.'));
    await waitFor(() => expect(field).toHaveProperty('value', ''));
  });

  test('what two sources say is one fact, and the second says of which finding it is a witness', async () => {
    await open('full', '#/incident/inc_0000');
    await fireEvent.click(await screen.findByTestId('why-findings'));
    expect((await screen.findByTestId('facts')).textContent).toContain('2 findings tell of 1 fact:');
    const witnesses = screen.getAllByTestId('finding-witness');
    expect(witnesses).toHaveLength(1);
    expect(witnesses[0]?.textContent).toContain('technique T1496');
    expect(screen.getAllByTestId('finding')[1]?.contains(witnesses[0] ?? null)).toBe(true);
  });

  test('findings are chosen to be split off', async () => {
    const host = await open('full', '#/incident/inc_0000');
    await fireEvent.click(await screen.findByTestId('why-findings'));
    await fireEvent.click(await screen.findByTestId('findings-move'));
    expect(screen.getByTestId('finding-move')).toHaveProperty('disabled', true);
    await fireEvent.click(screen.getAllByTestId('finding-choose')[0] as HTMLElement);
    await fireEvent.click(screen.getByTestId('finding-move'));
    await waitFor(async () => expect((await host.listTriage(1))[0]?.text).toBe('1 findings moved'));
    await waitFor(() => expect(screen.queryByTestId('finding-into')).toBeNull());
  });

  test('from plan to signature to run to proof to undo', async () => {
    const host = await open('full', '#/incident/inc_0006');
    const cards = await screen.findAllByTestId('step-card');
    const card = cards[0];
    if (!card) throw new Error('no step');
    expect(card.dataset['state']).toBe('proposed');
    await fireEvent.click(within(card).getByTestId('step-open'));
    const detail = await screen.findByTestId('step-detail');
    expect(within(detail).getAllByTestId('call-row')).toHaveLength(10);
    // Production: two signatures; the fake host lets one person give one, another the second.
    await fireEvent.click(within(detail).getByTestId('step-approve'));
    await waitFor(() => expect(within(detail).queryByTestId('step-approve')).toBeNull());
    expect(within(detail).getByTestId('step-blocked').textContent).toContain('another person');
    host.snapshot.user = 'j.larsen';
    await host.requestApproval(card.dataset['step'] ?? '', 'execute');
    await fireEvent.click(await within(detail).findByTestId('step-run'));
    await waitFor(() => expect(screen.getByTestId('step-detail').dataset['state']).toBe('proven'));
    expect(within(detail).getAllByTestId('call-row').map((row) => row.dataset['status'])).toEqual(Array(10).fill('dispatched'));
    expect(within(detail).getByTestId('proof-outcome').dataset['outcome']).toBe('proven');
    await fireEvent.click(within(detail).getByTestId('step-undo'));
    await fireEvent.click(await within(detail).findByTestId('step-run-undo'));
    await waitFor(() => expect(screen.getByTestId('step-detail').dataset['state']).toBe('undone'));
  });

  test('an unknown outcome offers reading, never running', async () => {
    await open('full', '#/incident/inc_0003');
    const card = (await screen.findAllByTestId('step-card'))[0];
    if (!card) throw new Error('no step');
    expect(card.dataset['state']).toBe('unknown');
    await fireEvent.click(within(card).getByTestId('step-open'));
    const detail = await screen.findByTestId('step-detail');
    expect(within(detail).queryByTestId('step-run')).toBeNull();
    await fireEvent.click(within(detail).getByTestId('step-reconcile'));
    await waitFor(() => expect(screen.getByTestId('step-detail').dataset['state']).toBe('proven'));
  });

  test('in phase 1 there is no button, only the reason', async () => {
    await open('phase1', '#/incident/inc_0006');
    const card = (await screen.findAllByTestId('step-card'))[0];
    if (!card) throw new Error('no step');
    await fireEvent.click(within(card).getByTestId('step-open'));
    expect((await screen.findByTestId('step-blocked')).textContent).toContain('read-only');
    for (const button of ['step-approve', 'step-run', 'step-undo']) expect(screen.queryByTestId(button)).toBeNull();
  });

  test('a citation opens the evidence it names', async () => {
    await open('full', '#/incident/inc_0000');
    const [cite] = await screen.findAllByRole('button', { name: 'E3' });
    if (!cite) throw new Error('no citation');
    await fireEvent.click(cite);
    expect(within(await screen.findByTestId('evidence')).getByText(/Process tree/)).toBeTruthy();
  });

  test('what a model says beyond its evidence is marked in words, and a citation opens the evidence', async () => {
    await open('full', '#/incident/inc_0001');
    const said = await screen.findByTestId('assessment');
    const flags = within(said).getAllByTestId('flag');
    expect(flags.map((flag) => flag.textContent)).toEqual(['6 minutes', 'customer-exports']);
    expect(flags.map((flag) => flag.nextElementSibling?.textContent)).toEqual(['not in evidence', 'not cited, in']);
    expect(within(said).getAllByTestId('uncited')).toHaveLength(1);
    await fireEvent.click(within(said).getByRole('button', { name: 'E11' }));
    expect(screen.getByTestId('why-evidence').getAttribute('aria-selected')).toBe('true');
  });

  test('without a model the playbook’s text stands and says so', async () => {
    await open('model-down', '#/incident/inc_0001');
    expect((await screen.findByTestId('assessment')).dataset['author']).toBe('playbook');
    expect(screen.getByTestId('model-note').textContent).toContain('did not answer');
  });

  test('a refusal is said, and the step stays as it was', async () => {
    const host = await open('full', '#/incident/inc_0001');
    host.runStep = async (step) =>
      host.emit({ type: 'run_refused', step, error: { code: 'drifted', message: 'eni-01c9f2 holds another group than when it was approved.', retryable: false } });
    await fireEvent.click(await screen.findByTestId('step-run'));
    expect((await screen.findByTestId('toast')).textContent).toContain('another group');
    expect(screen.getAllByTestId('step-card')[0]?.dataset['state']).toBe('approved');
  });
});

describe('a link that the system hands over', () => {
  const copied = 'inc_0001';

  test('opens its incident, at the start and later', async () => {
    location.hash = '';
    const host = new FakeHost('full', 1, 40);
    host.links.push({ kind: 'incident', id: copied });
    render(App, { host });
    await screen.findByTestId('incident-title');
    expect(location.hash).toBe(`#/incident/${copied}`);
    await press('Escape');
    await screen.findAllByTestId('queue-row');
    host.links.push({ kind: 'incident', id: copied });
    host.emit({ type: 'link_opened' });
    await screen.findByTestId('incident-title');
  });

  test('says why it leads nowhere, and stays where it is', async () => {
    const host = await open();
    await screen.findAllByTestId('queue-row');
    host.links.push({ kind: 'nowhere', message: 'That link leads nowhere.' });
    host.emit({ type: 'link_opened' });
    expect(await screen.findByText('That link leads nowhere.')).toBeTruthy();
    expect(screen.queryByTestId('incident-title')).toBeNull();
  });
});

describe('console', () => {
  test('the audit page names the first bad record', async () => {
    const host = await open('audit-bad', '#/audit');
    expect((await screen.findByTestId('audit-verdict')).dataset['ok']).toBe('false');
    await fireEvent.click(await screen.findByTestId('audit-first-bad'));
    await waitFor(() => expect(screen.getByTestId('audit-record').dataset['index']).toBe(String(host.snapshot.audit.first_bad)));
  });

  test('a locked keychain is said at the top and recovers without a restart', async () => {
    await open('keychain');
    await fireEvent.click(await screen.findByTestId('keychain-retry'));
    await waitFor(() => expect(screen.queryByTestId('banner-keychain')).toBeNull());
    expect(screen.getByTestId('status-keychain').dataset['state']).toBe('unlocked');
  });

  test('a workspace that can’t be opened says why', async () => {
    await open('offline');
    expect((await screen.findByRole('alert')).textContent).toContain('in use by another process');
  });

  test('the palette finds commands and incidents', async () => {
    await open();
    await screen.findAllByTestId('queue-row');
    await fireEvent.keyDown(window, { key: 'k', ctrlKey: true });
    const input = await screen.findByTestId('palette-input');
    await fireEvent.input(input, { target: { value: 'keychain' } });
    await fireEvent.keyDown(input, { key: 'ArrowDown' });
    await fireEvent.keyDown(input, { key: 'ArrowUp' });
    await fireEvent.keyDown(input, { key: 'Enter' });
    await waitFor(() => expect(location.hash).toBe('#/settings/keychain'));
  });
});

import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { afterEach, describe, expect, test, vi } from 'vitest';
import App from '../src/App.svelte';
import { FakeHost } from '$lib/platform/fake/host';
import { copy } from '$lib/state/clipboard';
import { toasts } from '$lib/state/toasts.svelte';

vi.mock('../src/features/reach/ReachGraph.svelte', () => import('./Nothing.svelte'));

async function open(hash: string): Promise<FakeHost> {
  location.hash = hash;
  const host = new FakeHost('full', 1, 40);
  render(App, { host });
  await Promise.resolve();
  return host;
}
const press = (key: string, held: { ctrlKey?: boolean } = {}) => fireEvent.keyDown(document.activeElement ?? window, { key, ...held });

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('handing over', () => {
  test('h asks to whom and what they must know, and z takes it back', async () => {
    const host = await open('#/incident/inc_0000');
    await screen.findByTestId('timeline');
    await press('h');
    const dialog = await screen.findByTestId('handover-dialog');
    const confirm = within(dialog).getByTestId('handover-confirm');
    const note = within(dialog).getByTestId('handover-note');
    await fireEvent.input(within(dialog).getByTestId('handover-to'), { target: { value: 'ben' } });
    expect(confirm).toHaveProperty('disabled', true);
    await fireEvent.input(note, { target: { value: 'Isolated. **Next:** the key' } });
    // In the note Enter begins a line.
    await fireEvent.keyDown(note, { key: 'Enter' });
    expect(host.row('inc_0000').owner).toBe('mo');
    await fireEvent.keyDown(note, { key: 'Enter', ctrlKey: true });
    await waitFor(() => expect(host.row('inc_0000')).toMatchObject({ owner: 'ben', handed_over: true }));
    const card = await screen.findByTestId('handover');
    expect(card.textContent).toContain('ben has not read it yet');
    expect(card.querySelector('strong')?.textContent).toBe('Next:');
    expect(within(card).queryByTestId('handover-read')).toBeNull();
    await waitFor(() => expect(screen.queryByTestId('handover-dialog')).toBeNull());

    await press('z');
    await waitFor(() => expect(host.row('inc_0000')).toMatchObject({ owner: 'mo', handed_over: false }));
    await waitFor(() => expect(screen.queryByTestId('handover')).toBeNull());
    expect(screen.getByTestId('timeline').textContent).toContain('Isolated. Next: the key');
  });

  test('it goes to another person', async () => {
    await open('#/incident/inc_0000');
    await screen.findByTestId('timeline');
    await press('h');
    const dialog = await screen.findByTestId('handover-dialog');
    await fireEvent.input(within(dialog).getByTestId('handover-to'), { target: { value: ' mo ' } });
    await fireEvent.input(within(dialog).getByTestId('handover-note'), { target: { value: 'x' } });
    expect(within(dialog).getByTestId('handover-confirm')).toHaveProperty('disabled', true);
    expect(dialog.textContent).toContain('That is you');
  });

  test('what was handed to me says so in the queue until I say that I read it', async () => {
    const host = await open('#/queue');
    await screen.findAllByTestId('queue-row');
    const marks = await screen.findAllByTestId('queue-handed');
    expect(marks.map((mark) => mark.closest('[data-incident]')?.getAttribute('data-incident'))).toEqual(['inc_0004']);
    expect(marks[0]?.textContent).toBe('↪ handed to you');
    location.hash = '#/incident/inc_0004';
    await fireEvent(window, new Event('hashchange'));
    expect((await screen.findByTestId('handover')).textContent).toContain('Handed to you');
    await press('i');
    await waitFor(() => expect(screen.queryByTestId('handover')).toBeNull());
    expect(host.row('inc_0004')).toMatchObject({ owner: 'mo', handed_over: false });
    await waitFor(() => expect(screen.getByTestId('timeline').textContent).toContain('read the handover'));
  });

  test('what another has to read is not mine to say', async () => {
    const host = await open('#/incident/inc_0004');
    await screen.findByTestId('handover');
    host.snapshot.user = 'eve';
    await expect(host.readHandover('inc_0004')).rejects.toThrow('mo, who alone can say');
  });
});

describe('copying', () => {
  function clipboard(): { texts: string[] } {
    const kept: { texts: string[] } = { texts: [] };
    class Item {
      readonly parts: Record<string, Promise<Blob>>;
      constructor(parts: Record<string, Promise<Blob>>) {
        this.parts = parts;
      }
    }
    const write = async ([item]: Item[]): Promise<void> => void kept.texts.push((await (await item?.parts['text/plain'])?.text()) ?? '');
    vi.stubGlobal('ClipboardItem', Item);
    vi.stubGlobal('navigator', { clipboard: { write, writeText: () => Promise.reject(new Error('not asked')) }, userAgent: 'test' });
    return kept;
  }

  test('y copies the incident as Markdown and says so', async () => {
    const host = await open('#/incident/inc_0000');
    await screen.findByTestId('timeline');
    const kept = clipboard();
    await press('y');
    expect((await screen.findByTestId('toast')).textContent).toContain('INC-2041 is on the clipboard, as Markdown');
    expect(kept.texts).toEqual([await host.getIncidentMarkdown('inc_0000')]);
  });

  test('y copies the query of the queue', async () => {
    await open('#/queue');
    await screen.findAllByTestId('queue-row');
    await fireEvent.click(screen.getByTestId('queue-tab-critical'));
    const kept = clipboard();
    await press('y');
    await waitFor(() => expect(kept.texts).toEqual(['in:critical']));
  });

  test('where the clipboard is closed, the old way is tried, and a refusal is said', async () => {
    vi.stubGlobal('navigator', { clipboard: { writeText: () => Promise.reject(new Error('NotAllowedError')) }, userAgent: 'test' });
    vi.stubGlobal('ClipboardItem', undefined);
    let seen = '';
    document.execCommand = () => {
      seen = document.querySelector<HTMLTextAreaElement>('textarea.hidden-text')?.value ?? '';
      return true;
    };
    await copy('in:open', 'copied');
    expect([seen, toasts.list.at(-1)?.text]).toEqual(['in:open', 'copied']);
    expect(document.querySelector('textarea.hidden-text')).toBeNull();
    document.execCommand = () => false;
    await copy('in:open', 'copied');
    expect(toasts.list.at(-1)).toMatchObject({ tone: 'refused', text: expect.stringContaining('clipboard') });
  });

  test('what went wrong with the text is said, not that the clipboard is closed', async () => {
    clipboard();
    await copy(Promise.reject(new Error('the incident is gone')), 'copied');
    expect(toasts.list.at(-1)?.text).toContain('the incident is gone');
  });
});

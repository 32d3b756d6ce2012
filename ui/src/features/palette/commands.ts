import type { Host } from '$lib/platform/host';
import { copy } from '$lib/state/clipboard';
import { asked } from '$lib/state/asked.svelte';
import type { Desk } from '$lib/state/context';
import { DENSITIES } from '$lib/state/look.svelte';
import { TAB_LABEL, TABS } from '$lib/state/queue-filter';
import { router, SETTINGS, type SettingsSection } from '$lib/state/route.svelte';
import { theme, type ThemeChoice } from '$lib/state/theme.svelte';
import { attempt } from '$lib/state/toasts.svelte';
import { incidentLink } from '$lib/words/link';
import { revealed } from '$lib/words/untrusted';
import { DENSITY } from '../queue/columns';

export interface Command {
  id: string;
  group: string;
  label: string;
  key?: string;
  run: () => void;
}

const SECTION: Record<SettingsSection, string> = {
  clouds: 'cloud accounts',
  model: 'AI model',
  phase: 'phase',
  clocks: 'clocks',
  suppression: 'suppression',
  keychain: 'keychain',
  appearance: 'appearance',
};
const THEME: Record<ThemeChoice, string> = { dark: 'dark', light: 'light', system: 'as the system says' };

/** Everything that can be done from anywhere. Most of what belongs to one incident stays on its page. */
export function commandsOf({ console, queue, triage, views }: Desk, onhelp: () => void): Command[] {
  const { host } = console;
  // The incident that is open, else the one under the queue's cursor.
  const at = router.route.page === 'incident' ? router.route.id : router.route.page === 'queue' ? queue.cursor : null;
  const row = queue.rows.find(({ id }) => id === at) ?? null;
  const command = (group: string, label: string, run: () => void, key?: string): Command => ({ id: `${group} ${label}`, group, label, run, ...(key === undefined ? {} : { key }) });
  return [
    ...TABS.map((tab, at) =>
      command('Go to', `Queue: ${TAB_LABEL[tab].toLowerCase()}`, () => {
        void queue.choose(tab);
        router.go({ page: 'queue' });
      }, at === 0 ? 'g q' : undefined),
    ),
    command('Go to', 'What burns', () => router.go({ page: 'commander', wall: false }), 'g c'),
    command('Go to', 'What burns, on the wall', () => router.go({ page: 'commander', wall: true })),
    ...views.list.map((view) => ({
      ...command('Go to', `View: ${revealed(view.name)}`, () => {
        void views.show(view);
        router.go({ page: 'queue' });
      }),
      id: view.id,
    })),
    command('Go to', 'Containments', () => router.go({ page: 'containments' }), 'g h'),
    command('Go to', 'Audit log', () => router.go({ page: 'audit' }), 'g a'),
    command('Go to', 'Sources', () => router.go({ page: 'sources', adding: false }), 'g s'),
    ...SETTINGS.map((section, at) => command('Go to', `Settings: ${SECTION[section]}`, () => router.go({ page: 'settings', section }), at === 0 ? 'g ,' : undefined)),
    command('Do', 'Add a source', () => router.go({ page: 'sources', adding: true })),
    command('Do', 'Poll every source now', () => void attempt(() => host.pollNow(null), 'Asked every source for what is new')),
    command('Do', 'Take back what you changed last', () => void triage.undo(), 'z'),
    ...(at === null
      ? []
      : [
          command('Do', 'Snooze this incident', () => (asked.snooze = { ids: [at], row }), 's'),
          command('Do', 'Suppress findings like this', () => (asked.suppress = at), 'S'),
        ]),
    command('Do', 'Verify the audit log', () => {
      router.go({ page: 'audit' });
      void attempt(() => host.verifyAudit());
    }),
    command('Do', 'Try the keychain again', () => void attempt(() => host.retryKeychain())),
    ...(['dark', 'light', 'system'] as const).map((choice) => command('Do', `Theme: ${THEME[choice]}`, () => theme.choose(choice))),
    ...DENSITIES.map((density) => command('Do', `Queue: ${DENSITY[density].toLowerCase()}`, () => views.choose({ density }))),
    ...(router.route.page === 'incident' ? incidentCopies(host, router.route.id) : []),
    command('Do', 'Copy the query of the queue', () => void copy(queue.text, 'The query is on the clipboard')),
    command('Do', 'Show all keys', onhelp, '?'),
  ];
}

function incidentCopies(host: Host, id: string): Command[] {
  const markdown = (): void => void copy(host.getIncidentMarkdown(id), 'The incident is on the clipboard, as Markdown');
  const link = (): void => void copy(incidentLink(id), 'A link to the incident is on the clipboard');
  return [
    { id: 'copy incident', group: 'Do', label: 'Copy this incident as Markdown', key: 'y', run: markdown },
    { id: 'copy link', group: 'Do', label: 'Copy a link to this incident', key: 'Y', run: link },
  ];
}

/** Every typed word must occur; a label that begins with the text comes first. */
export function matchCommands(commands: readonly Command[], text: string): Command[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const hits = commands.filter(({ label, group }) => words.every((word) => `${group} ${label}`.toLowerCase().includes(word)));
  const starts = (command: Command): number => (command.label.toLowerCase().startsWith(text.toLowerCase().trim()) ? 0 : 1);
  return words.length === 0 ? hits : hits.toSorted((a, b) => starts(a) - starts(b));
}

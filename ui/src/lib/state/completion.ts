import { TABS } from './queue-filter';
import { INCIDENT_STATES, SEVERITIES } from '../words/labels';

/** One way to go on with what is being typed. */
export interface Completion {
  /** The whole word, as it will stand: `severity:high`. */
  word: string;
  /** What it does. */
  hint: string;
  /** A finished filter, which is taken at once; else the beginning of one. */
  whole: boolean;
}

/** What there is to choose from beyond fixed words. */
export interface Known {
  accounts: readonly string[];
  owners: readonly string[];
}

const NAMES: readonly { word: string; hint: string }[] = [
  { word: 'severity:', hint: 'critical, high, medium …' },
  { word: 'state:', hint: 'new, triaged, contained …' },
  { word: 'account:', hint: 'id or name' },
  { word: 'owner:', hint: 'me, none, or a name' },
  { word: 'in:', hint: 'open, unowned, critical …' },
  { word: 'age<', hint: 'opened within: 30m, 2h, 7d' },
  { word: 'age>', hint: 'opened longer ago' },
  { word: 'sort:', hint: 'clock: what is due first' },
];
const AGES = ['30m', '2h', '12h', '1d', '7d', '4w'] as const;
const MOST = 8;
const NOTHING: Known = { accounts: [], owners: [] };

/** How the last word of a typed search may go on. Nothing for a word that begins no filter: it is text. */
export function completionsOf(text: string, known: Known): Completion[] {
  const word = text.slice(text.lastIndexOf(' ') + 1).toLowerCase();
  if (word === '') return [];
  const values = valuesOf(word, known);
  if (values === null) {
    const names = NAMES.filter((name) => name.word.startsWith(word) && name.word !== word);
    return names.map(({ word: begins, hint }) => ({ word: begins, hint, whole: false }));
  }
  const { name, rest, choices } = values;
  return choices
    .filter(({ value }) => value.toLowerCase().startsWith(rest) && !value.includes(' '))
    .slice(0, MOST)
    .map(({ value, hint }) => ({ word: `${name}${value}`, hint, whole: true }));
}

/** The text with its last word replaced. */
export function completed(text: string, { word, whole }: Completion): string {
  return `${text.slice(0, text.lastIndexOf(' ') + 1)}${word}${whole ? ' ' : ''}`;
}

/** The text without a filter at its end that is not finished: searching for `severity:` finds nothing. */
export function withoutUnfinished(text: string): string {
  const from = text.lastIndexOf(' ') + 1;
  const word = text.slice(from).toLowerCase();
  return valuesOf(word, NOTHING) === null ? text : text.slice(0, from);
}

function valuesOf(word: string, known: Known): { name: string; rest: string; choices: { value: string; hint: string }[] } | null {
  const plain = (values: readonly string[]): { value: string; hint: string }[] => values.map((value) => ({ value, hint: '' }));
  const after = (name: string, choices: { value: string; hint: string }[]) => ({ name, rest: word.slice(name.length), choices });
  if (word.startsWith('severity:')) return after('severity:', plain(SEVERITIES));
  if (word.startsWith('sev:')) return after('sev:', plain(SEVERITIES));
  if (word.startsWith('state:')) return after('state:', plain(INCIDENT_STATES));
  if (word.startsWith('account:')) return after('account:', plain(known.accounts));
  if (word.startsWith('owner:')) return after('owner:', [{ value: 'me', hint: 'you' }, { value: 'none', hint: 'nobody has it' }, ...plain(known.owners)]);
  if (word.startsWith('sort:')) return after('sort:', [{ value: 'clock', hint: 'what is due first' }, { value: 'severity', hint: 'the worst first' }]);
  if (word.startsWith('in:')) return after('in:', plain(TABS));
  for (const name of ['age<', 'age>']) if (word.startsWith(name)) return after(name, plain(AGES));
  return null;
}

import type { IncidentState, QueueOrder, QueueQuery, Severity } from '$wire';
import { INCIDENT_STATES, OPEN_STATES, SEVERITIES } from '../words/labels';

export const TABS = ['open', 'unowned', 'critical', 'containing', 'contained', 'snoozed', 'all'] as const;
export type Tab = (typeof TABS)[number];

export const TAB_LABEL: Record<Tab, string> = {
  open: 'Open',
  unowned: 'Unowned',
  critical: 'Critical',
  containing: 'Containing',
  contained: 'Contained',
  snoozed: 'Snoozed',
  all: 'All',
};

/** What a person asked to see, on top of the tab. */
export interface Filter {
  text: string;
  severities: readonly Severity[];
  states: readonly IncidentState[];
  account: string | null;
  owner: string | null;
  /** Opened within this time: `2h`. */
  younger: string | null;
  /** Opened longer ago. */
  older: string | null;
  order: QueueOrder;
}

export const NO_FILTER: Filter = { text: '', severities: [], states: [], account: null, owner: null, younger: null, older: null, order: 'severity' };

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** A century is as good as any time. */
const MOST_AGE = 100 * 366 * 86_400_000;

/** Milliseconds of `30m`, `2h`, `7d`, `4w`; null for anything else. */
export function ageOf(text: string): number | null {
  const [, number, unit] = /^(\d{1,10})([mhdw])$/.exec(text) ?? [];
  const scale = UNITS[unit ?? ''];
  return number === undefined || scale === undefined ? null : Math.min(MOST_AGE, Number(number) * scale);
}

export function isFiltered(filter: Filter): boolean {
  return (
    filter.text.trim() !== '' ||
    filter.severities.length > 0 ||
    filter.states.length > 0 ||
    filter.account !== null ||
    filter.owner !== null ||
    filter.younger !== null ||
    filter.older !== null ||
    filter.order !== 'severity'
  );
}

/** The tab and the filter as one question to the engine. A filter that says more than the tab wins over it. */
export function queryOf(tab: Tab, filter: Filter, now: number): QueueQuery {
  const query: QueueQuery = {};
  const states = filter.states.length > 0 ? filter.states : tabStates(tab);
  if (states.length > 0) query.states = [...states];
  const severities = filter.severities.length > 0 ? filter.severities : tabSeverities(tab);
  if (severities.length > 0) query.severities = [...severities];
  const owner = filter.owner ?? (tab === 'unowned' ? 'none' : null);
  if (owner !== null) query.owner = owner;
  if (filter.account !== null) query.account = filter.account;
  const younger = filter.younger === null ? null : ageOf(filter.younger);
  if (younger !== null) query.opened_after = new Date(now - younger).toISOString();
  const older = filter.older === null ? null : ageOf(filter.older);
  if (older !== null) query.opened_before = new Date(now - older).toISOString();
  if (filter.order !== 'severity') query.order = filter.order;
  const text = filter.text.trim();
  if (text !== '') query.text = text;
  return query;
}

function tabStates(tab: Tab): readonly IncidentState[] {
  if (tab === 'all') return [];
  if (tab === 'containing' || tab === 'contained' || tab === 'snoozed') return [tab];
  return OPEN_STATES;
}

function tabSeverities(tab: Tab): readonly Severity[] {
  return tab === 'critical' ? ['critical'] : [];
}

/**
 * Takes `severity:high`, `state:new`, `account:…`, `owner:…`, `age<2h`, `age>7d` and `sort:clock` out of typed text and
 * into the filter.
 * A word that names nothing we know stays text.
 */
export function takeTokens(filter: Filter): Filter {
  const next = { ...filter, severities: [...filter.severities], states: [...filter.states] };
  const rest: string[] = [];
  for (const word of wordsOf(filter.text)) {
    const [name, quoted = ''] = splitOnce(word);
    const value = unquoted(quoted);
    const age = /^age([<>])(.+)$/i.exec(word);
    const severity = SEVERITIES.find((known) => known === value || (value === 'info' && known === 'informational'));
    const state = INCIDENT_STATES.find((known) => known === value);
    if ((name === 'severity' || name === 'sev') && severity !== undefined) addOnce(next.severities, severity);
    else if (name === 'state' && state !== undefined) addOnce(next.states, state);
    else if (name === 'sort' && (value === 'clock' || value === 'severity')) next.order = value;
    else if (name === 'account' && value !== '') next.account = value;
    else if (name === 'owner' && value !== '') next.owner = value;
    else if (age?.[2] !== undefined && ageOf(age[2]) !== null) next[age[1] === '<' ? 'younger' : 'older'] = age[2];
    else rest.push(word);
  }
  return { ...next, text: rest.join(' ') };
}

/** Takes `in:unowned` out of typed text: the view that it is asked in. */
export function takeTab(text: string): { tab: Tab | null; text: string } {
  let tab: Tab | null = null;
  const rest = wordsOf(text).filter((word) => {
    const [name, value] = splitOnce(word);
    const known = name === 'in' ? TABS.find((other) => other === value?.toLowerCase()) : undefined;
    if (known !== undefined) tab = known;
    return known === undefined;
  });
  return { tab, text: rest.join(' ') };
}

/** The tab and the filter in words that read back as the same. What people save, copy and paste. */
export function queryText(tab: Tab, filter: Filter): string {
  return [
    `in:${tab}`,
    ...filter.severities.map((severity) => `severity:${severity}`),
    ...filter.states.map((state) => `state:${state}`),
    ...(filter.account === null ? [] : [`account:${quoted(filter.account)}`]),
    ...(filter.owner === null ? [] : [`owner:${quoted(filter.owner)}`]),
    ...(filter.younger === null ? [] : [`age<${filter.younger}`]),
    ...(filter.older === null ? [] : [`age>${filter.older}`]),
    ...(filter.order === 'severity' ? [] : [`sort:${filter.order}`]),
    ...wordsOf(filter.text).filter((word) => word !== ''),
  ].join(' ');
}

/** What a query in words asks for; without `in:` it is asked of what is open. */
export function readQuery(text: string): { tab: Tab; filter: Filter } {
  const { tab, text: rest } = takeTab(text);
  return { tab: tab ?? 'open', filter: takeTokens({ ...NO_FILTER, text: rest }) };
}

/** Words between spaces; what stands in quotes after a colon may hold some: `owner:"Ana Lima"`. */
function wordsOf(text: string): string[] {
  const words = [...text.matchAll(/(?:account|owner):"(?:[^"]|"")*"(?= |$)|[^ ]+/gi)].map(([word]) => word);
  // Whoever is typing goes on with a new word.
  return text.endsWith(' ') && words.length > 0 ? [...words, ''] : words;
}

function quoted(value: string): string {
  return /^"| /.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

function unquoted(value: string): string {
  return /^"(?:[^"]|"")*"$/.test(value) ? value.slice(1, -1).replaceAll('""', '"') : value;
}

function addOnce<T>(list: T[], item: T): void {
  if (!list.includes(item)) list.push(item);
}

function splitOnce(word: string): [string, string?] {
  const colon = word.indexOf(':');
  return colon < 0 ? [word] : [word.slice(0, colon).toLowerCase(), word.slice(colon + 1)];
}

import type { IncidentState, QueueQuery, Severity } from '$wire';
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
}

export const NO_FILTER: Filter = { text: '', severities: [], states: [], account: null, owner: null, younger: null, older: null };

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
    filter.older !== null
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
 * Takes `severity:high`, `state:new`, `account:…`, `owner:…`, `age<2h` and `age>7d` out of typed text and
 * into the filter.
 * A word that names nothing we know stays text.
 */
export function takeTokens(filter: Filter): Filter {
  const next = { ...filter, severities: [...filter.severities], states: [...filter.states] };
  const rest: string[] = [];
  for (const word of filter.text.split(' ')) {
    const [name, value = ''] = splitOnce(word);
    const age = /^age([<>])(.+)$/i.exec(word);
    const severity = SEVERITIES.find((known) => known === value || (value === 'info' && known === 'informational'));
    const state = INCIDENT_STATES.find((known) => known === value);
    if ((name === 'severity' || name === 'sev') && severity !== undefined) addOnce(next.severities, severity);
    else if (name === 'state' && state !== undefined) addOnce(next.states, state);
    else if (name === 'account' && value !== '') next.account = value;
    else if (name === 'owner' && value !== '') next.owner = value;
    else if (age?.[2] !== undefined && ageOf(age[2]) !== null) next[age[1] === '<' ? 'younger' : 'older'] = age[2];
    else rest.push(word);
  }
  return { ...next, text: rest.join(' ') };
}

function addOnce<T>(list: T[], item: T): void {
  if (!list.includes(item)) list.push(item);
}

function splitOnce(word: string): [string, string?] {
  const colon = word.indexOf(':');
  return colon < 0 ? [word] : [word.slice(0, colon).toLowerCase(), word.slice(colon + 1)];
}

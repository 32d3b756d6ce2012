import type { BackfillView, BudgetView, SourceView } from '$wire';
import { count } from '$lib/words/labels';
import { age, clockTime } from '$lib/words/time';

/** How a source is doing: a shape, a colour and words, each of which says it alone. */
export interface Health {
  tone: 'proven' | 'unknown' | 'refuted' | 'plain';
  glyph: string;
  label: string;
}

export function healthOf(source: SourceView): Health {
  if (!source.polling) return { tone: 'plain', glyph: '‖', label: 'paused' };
  switch (source.health) {
    case 'ok':
      return { tone: 'proven', glyph: '✓', label: 'works' };
    case 'never_polled':
      return { tone: 'plain', glyph: '○', label: 'not polled yet' };
    case 'degraded':
      return { tone: 'unknown', glyph: '!', label: breakerText(source) ?? 'retrying by itself' };
    case 'failed':
      return { tone: 'refuted', glyph: '✕', label: 'needs you' };
  }
}

/** How seldom a source is tried once it has failed again and again; null while the breaker is closed. */
export function breakerText(source: SourceView): string | null {
  return source.breaker_open ? `tried every 5 min since ${source.failures} failures in a row` : null;
}

/** True where something is wrong; a source that works may still have a word to say. */
export function isWrong(source: SourceView): boolean {
  return source.polling && (source.health === 'failed' || source.health === 'degraded');
}

const PERIODS: Record<number, string> = { 1: 'a second', 60: 'a minute', 3600: 'an hour', 86_400: 'a day' };

export function budgetText(budget: BudgetView, now: number): string {
  if (blockedUntil(budget, now) !== null) return `asked to stay away until ${clockTime(budget.blocked_until ?? '', now).slice(0, -3)}`;
  const period = PERIODS[budget.period_seconds] ?? `in ${budget.period_seconds.toLocaleString('en-GB')} s`;
  return `${budget.left.toLocaleString('en-GB')} of ${budget.limit.toLocaleString('en-GB')} ${period} left`;
}

/** The instant the vendor asked us to stay away until, while it lies ahead. */
export function blockedUntil(budget: BudgetView, now: number): string | null {
  return budget.blocked_until !== null && Date.parse(budget.blocked_until) > now ? budget.blocked_until : null;
}

/** How much of a back-fill's days has been read, from 0 to 1. */
export function backfillShare(backfill: BackfillView, now: number): number {
  if (backfill.outcome === 'complete') return 1;
  if (backfill.seen_until === null) return 0;
  const since = Date.parse(backfill.since);
  const end = backfill.ended_at === null ? now : Date.parse(backfill.ended_at);
  const share = (Date.parse(backfill.seen_until) - since) / (end - since);
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0;
}

/** Neither running nor read to its end: it can go on where it stopped. */
export function isUnfinished(backfill: BackfillView): boolean {
  return !backfill.running && backfill.outcome !== 'complete';
}

export function backfillState(backfill: BackfillView): string {
  if (backfill.running) return 'back-filling';
  if (backfill.outcome === 'complete') return 'back-filled';
  return backfill.outcome === 'cancelled' ? 'back-fill cancelled' : 'back-fill unfinished';
}

export function backfillText(backfill: BackfillView): string {
  return `${count(backfill.pages, 'page')}, ${count(backfill.alerts, 'alert')}`;
}

/** How far behind the present what was stored is: `9 s`; null where nothing was read. */
export function lagOf(source: SourceView, now: number): string | null {
  return source.cursor === null ? null : age(source.cursor, now);
}

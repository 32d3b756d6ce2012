import { ageOf } from './queue-filter';

/** A time until which something is put off, and what it is called. */
export interface SnoozeChoice {
  id: 'hour' | 'hours' | 'tomorrow' | 'monday';
  label: string;
  until: Date;
}

/** As the engine has it. */
export const MOST_SNOOZED_DAYS = 30;
const HOUR = 3_600_000;
const MORNING = 9;

/** What is offered at a time. Mornings are the viewer's, whatever the clocks do in between. */
export function snoozeChoices(now: Date): SnoozeChoice[] {
  const morning = (days: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING);
  const toMonday = (8 - now.getDay()) % 7 || 7;
  const choices: SnoozeChoice[] = [
    { id: 'hour', label: 'For an hour', until: new Date(now.getTime() + HOUR) },
    { id: 'hours', label: 'For four hours', until: new Date(now.getTime() + 4 * HOUR) },
    { id: 'tomorrow', label: 'Until tomorrow morning', until: morning(1) },
  ];
  // On a Sunday that is tomorrow.
  if (toMonday > 1) choices.push({ id: 'monday', label: 'Until Monday morning', until: morning(toMonday) });
  return choices;
}

/**
 * What a person typed, in the viewer's zone: `2026-11-30 09:00`, `14:30` of today, or so long from now (`90m`,
 * `4h`, `3d`). Null where it is none of these, over, or too far.
 */
export function ownTime(text: string, now: Date): Date | null {
  const until = typedTime(text.trim(), now);
  const ahead = until === null ? 0 : until.getTime() - now.getTime();
  return ahead > 0 && ahead <= MOST_SNOOZED_DAYS * 24 * HOUR ? until : null;
}

function typedTime(text: string, now: Date): Date | null {
  const passed = ageOf(text);
  if (passed !== null) return new Date(now.getTime() + passed);
  const [, date, hours, minutes] = /^(?:(\d{4}-\d{2}-\d{2})[ T])?(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hours === undefined || minutes === undefined) return null;
  const until = new Date(`${date ?? dateText(now)}T${hours.padStart(2, '0')}:${minutes}`);
  return Number.isNaN(until.getTime()) ? null : until;
}

/** A time as a person would type it: `2026-11-30 09:00`. */
export function timeText(at: Date): string {
  return `${dateText(at)} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

function dateText(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago, in the largest unit that says it: `4 s`, `12 min`, `5 h`, `3 d`. A time to come is `now`. */
export function age(at: string, now: number): string {
  const passed = now - Date.parse(at);
  if (Number.isNaN(passed)) return 'unknown';
  if (passed < SECOND) return 'now';
  if (passed < MINUTE) return `${Math.floor(passed / SECOND)} s`;
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min`;
  if (passed < 2 * DAY) return `${Math.floor(passed / HOUR)} h`;
  return `${Math.floor(passed / DAY)} d`;
}

/** Until an instant, as `08:12`; `00:00` once it has passed. */
export function countdown(at: string, now: number): string {
  return minutes(Math.max(0, Math.ceil((Date.parse(at) - now) / SECOND)));
}

function minutes(seconds: number): string {
  return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}`;
}

/** What is left until an instant, or how long ago it passed: `02:14` within the hour, else `5 h`, `3 d`. */
export function left(due: string, now: number): { late: boolean; text: string } {
  const apart = Date.parse(due) - now;
  const late = apart < 0;
  const seconds = Math.abs(late ? Math.ceil(apart / SECOND) : Math.floor(apart / SECOND));
  const text =
    seconds < 3_600 ? minutes(seconds)
    : seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h`
    : `${Math.floor(seconds / 86_400)} d`;
  return { late, text: late ? `\u2212${text}` : text };
}

/** A span in seconds: `45 s`, `1:52` minutes, `3 h 20`, `2 d`. */
export function span(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${pad(seconds % 60)}`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h ${pad(Math.floor((seconds % 3_600) / 60))}`;
  return `${Math.floor(seconds / 86_400)} d`;
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DAY_MONTH = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const FULL = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });

/** Time of day in the viewer's zone, with the day when it is not today. */
export function clockTime(at: string, now: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return 'unknown';
  const time = CLOCK.format(date);
  return new Date(now).toDateString() === date.toDateString() ? time : `${DAY_MONTH.format(date)} ${time}`;
}

/** As `clockTime`, to the minute. */
export function clockMinute(at: string, now: number): string {
  return clockTime(at, now).replace(/:\d\d$/, '');
}

const WEEKDAY_HOUR = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** A time to come in the viewer's zone: `Mon 30 Nov, 09:00`. */
export function momentShort(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'unknown' : WEEKDAY_HOUR.format(date);
}

/** Until an instant, in the largest unit that says it: `12 min`, `5 h`, `29 d`. What is over is `now`. */
export function ahead(at: string, now: number): string {
  const left = Date.parse(at) - now;
  if (Number.isNaN(left)) return 'unknown';
  if (left <= 0) return 'now';
  if (left < HOUR) return `${Math.ceil(left / MINUTE)} min`;
  if (left < 2 * DAY) return `${Math.ceil(left / HOUR)} h`;
  return `${Math.round(left / DAY)} d`;
}

/** The day in the viewer's zone: `22 Nov`. */
export function dayOf(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'unknown day' : DAY_MONTH.format(date);
}

/** Time of day alone. */
export function hourMinuteSecond(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? 'unknown' : CLOCK.format(date);
}

/** `14:03:27 UTC`, for the status bar. */
export function utcClock(now: number): string {
  return `${new Date(now).toISOString().slice(11, 19)} UTC`;
}

/** Everything, for a tooltip: date, time, zone. */
export function fullTime(at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? at : `${FULL.format(date)} (${date.toISOString()})`;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

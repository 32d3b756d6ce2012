import { describe, expect, test } from 'vitest';
import { parseRoute, routeHash, type Route } from '$lib/state/route.svelte';
import { hostError } from '$lib/platform/host';
import { initials } from '$lib/words/labels';
import { techniqueLabel } from '$lib/words/techniques';
import { age, countdown, left, span, utcClock } from '$lib/words/time';

const now = Date.parse('2026-11-22T14:03:27Z');
const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();

describe('time', () => {
  test.each([
    [0, 'now'],
    [4, '4 s'],
    [61, '1 min'],
    [3599, '59 min'],
    [3600, '1 h'],
    [47 * 3600, '47 h'],
    [48 * 3600, '2 d'],
    [-30, 'now'],
  ])('%i s ago is %s', (seconds, text) => expect(age(ago(seconds), now)).toBe(text));
  test('a time that is none is said to be unknown', () => expect(age('soon', now)).toBe('unknown'));
  test('what is left says when it is too late', () => {
    const due = (seconds: number) => left(new Date(now + seconds * 1_000).toISOString(), now);
    expect([0, 134, 3_599, 3_600, 172_800].map((seconds) => due(seconds).text)).toEqual(['00:00', '02:14', '59:59', '1 h', '2 d']);
    expect([-1, -134, -7_200].map((seconds) => due(seconds))).toEqual(['00:01', '02:14', '2 h'].map((text) => ({ late: true, text: `\u2212${text}` })));
    expect([45, 112, 12_000, 200_000].map(span)).toEqual(['45 s', '1:52', '3 h 20', '2 d']);
  });
  test('a countdown ends at nought', () => expect([countdown(ago(-492), now), countdown(ago(5), now)]).toEqual(['08:12', '00:00']));
  test('the clock is UTC', () => expect(utcClock(now)).toBe('14:03:27 UTC'));
});

describe('routes', () => {
  const routes: Route[] = [
    { page: 'queue' },
    { page: 'audit' },
    { page: 'sources', adding: false },
    { page: 'sources', adding: true },
    { page: 'settings', section: 'keychain' },
    { page: 'incident', id: 'inc_1', step: null },
    { page: 'incident', id: 'a/b #c', step: 'stp 1' },
  ];
  test.each(routes)('%o survives the address', (route) => expect(parseRoute(routeHash(route))).toEqual(route));
  test('sources had a section in the settings once', () => expect(parseRoute('#/settings/sources')).toEqual({ page: 'sources', adding: false }));
  test.each(['', '#/', '#/nothing', '#/incident', '#/incident/', '#/%zz'])('%s is the queue', (hash) => expect(parseRoute(hash)).toEqual({ page: 'queue' }));
});

describe('labels', () => {
  test.each([['mo', 'MO'], ['j.larsen', 'JL'], ['analyst MO', 'AM'], ['x', 'X']])('%s is %s', (name, text) => expect(initials(name)).toBe(text));
  test('a sub-technique without a name has its parent’s', () => expect(techniqueLabel('T1098.003')).toBe('T1098.003 Account manipulation'));
  test('an unknown technique stands alone', () => expect(techniqueLabel('T9999')).toBe('T9999'));
});

describe('errors', () => {
  test('the engine’s own words and code arrive', () => {
    const error = hostError({ code: 'refused', message: 'Phase 1.', retryable: false });
    expect([error.code, error.message, error.retryable]).toEqual(['refused', 'Phase 1.', false]);
  });
  test('a code we don’t know is internal, not dropped', () => expect(hostError({ code: 'new_code', message: 'x' }).code).toBe('internal'));
  test('anything else is still an error', () => expect(hostError('gone').message).toBe('gone'));
});

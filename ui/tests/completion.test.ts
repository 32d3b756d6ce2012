import { describe, expect, test } from 'vitest';
import { NO_FILTER, takeTokens } from '$lib/state/queue-filter';
import { completed, completionsOf, withoutUnfinished } from '$lib/state/completion';

const known = { accounts: ['acme-ci', 'acme-prod', '123456789012', 'two words'], owners: ['j.larsen', 'ana'] };
const words = (text: string) => completionsOf(text, known).map(({ word }) => word);

describe('completion', () => {
  test('the beginning of a filter goes on with its name', () => {
    expect(words('s')).toEqual(['severity:', 'state:', 'sort:']);
    expect(words('web AG')).toEqual(['age<', 'age>']);
    expect(words('owner')).toEqual(['owner:']);
  });
  test('after its name come its values', () => {
    expect(words('severity:c')).toEqual(['severity:critical']);
    expect(words('sev:')).toHaveLength(6);
    expect(words('state:con')).toEqual(['state:containing', 'state:contained']);
    expect(words('web owner:')).toEqual(['owner:me', 'owner:none', 'owner:j.larsen', 'owner:ana']);
    expect(words('age<1')).toEqual(['age<12h', 'age<1d']);
  });
  test('accounts are those that are listed; one with a blank can not be said as a word', () => {
    expect(words('account:acme')).toEqual(['account:acme-ci', 'account:acme-prod']);
    expect(words('account:two')).toEqual([]);
  });
  test('what begins no filter is text', () => {
    for (const text of ['', 'web ', 'xmrig', 'severity:loud', 'web-7 T1496']) expect(words(text), text).toEqual([]);
  });
  test('every whole completion is a filter that the search takes', () => {
    const begun = ['severity:', 'sev:', 'state:', 'account:', 'owner:', 'age<', 'age>'];
    for (const { word, whole } of begun.flatMap((text) => completionsOf(text, known))) {
      expect(whole).toBe(true);
      expect(takeTokens({ ...NO_FILTER, text: word }).text, word).toBe('');
    }
  });
  test('a filter that is not finished is not searched for as text', () => {
    expect(withoutUnfinished('web severity:')).toBe('web ');
    expect(withoutUnfinished('web age<2')).toBe('web ');
    expect(withoutUnfinished('web sev:')).toBe('web ');
    expect(withoutUnfinished('web sever')).toBe('web sever');
  });
  test('only the last word is replaced, and a finished one is closed', () => {
    const [name] = completionsOf('web se', known);
    const [value] = completionsOf('web severity:hi', known);
    if (!name || !value) throw new Error('nothing offered');
    expect(completed('web se', name)).toBe('web severity:');
    expect(completed('web severity:hi', value)).toBe('web severity:high ');
  });
});

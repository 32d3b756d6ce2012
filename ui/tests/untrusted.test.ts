import { render, screen } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import Untrusted from '$lib/parts/Untrusted.svelte';
import { capped, reveal, revealed } from '$lib/words/untrusted';

describe('reveal', () => {
  const hidden: [string, string, string][] = [
    ['right-to-left override', '\u202e', 'U+202E'],
    ['isolate', '\u2066', 'U+2066'],
    ['arabic letter mark', '\u061c', 'U+061C'],
    ['zero width space', '\u200b', 'U+200B'],
    ['zero width joiner', '\u200d', 'U+200D'],
    ['byte order mark', '\ufeff', 'U+FEFF'],
    ['soft hyphen', '\u00ad', 'U+00AD'],
    ['bell', '\u0007', 'U+0007'],
    ['escape', '\u001b', 'U+001B'],
    ['carriage return', '\r', 'U+000D'],
    ['C1 control', '\u009b', 'U+009B'],
    ['tag letter', '\u{e0041}', 'U+E0041'],
    ['variation selector', '\ufe0f', 'U+FE0F'],
    ['variation selector 17', '\u{e0100}', 'U+E0100'],
    ['hangul filler', '\u3164', 'U+3164'],
    ['line separator', '\u2028', 'U+2028'],
    ['private use', '\ue000', 'U+E000'],
    ['lone surrogate', '\ud800', 'U+D800'],
  ];
  test.each(hidden)('%s is shown as its code', (_, character, code) => {
    expect(revealed(`a${character}b`)).toBe(`a⟨${code}⟩b`);
  });

  test('ordinary text of any script is left alone', () => {
    const text = 'Größe 日本語 العربية עברית ไทย 🔥 a\tb\nc “quoted” 3 × 4';
    expect(reveal(text)).toEqual([{ kind: 'text', text }]);
  });
});

describe('capped', () => {
  test('never cuts inside a code point', () => expect(capped('ab🔥', 3)).toEqual({ text: 'ab', more: 2 }));
  test('leaves short text alone', () => expect(capped('abc', 3)).toEqual({ text: 'abc', more: 0 }));
});

describe('component', () => {
  test('markup is text', () => {
    const { container } = render(Untrusted, { text: '<img src=x onerror=alert(1)><b>bold</b>{@html}' });
    expect(container.textContent).toBe('<img src=x onerror=alert(1)><b>bold</b>{@html}');
    expect(container.querySelector('img, b')).toBeNull();
  });

  test('hidden characters are drawn apart from the text', () => {
    const { container } = render(Untrusted, { text: 'cart\u202egpj.exe' });
    expect(container.querySelector('.escape')?.textContent).toBe('U+202E');
    expect(container.textContent).not.toContain('\u202e');
  });

  test('long text is cut until someone asks', async () => {
    const { container } = render(Untrusted, { text: 'x'.repeat(5000), limit: 100 });
    expect(container.textContent?.length).toBeLessThan(140);
    screen.getByRole('button', { name: /show all \(4,900 more\)/ }).click();
    await Promise.resolve();
    expect(container.textContent?.length).toBe(5000);
  });

  test('no text at all is said, not left blank', () => {
    const { container } = render(Untrusted, { text: null });
    expect(container.textContent).toBe('unknown');
  });
});

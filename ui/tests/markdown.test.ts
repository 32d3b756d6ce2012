import { render } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import Markdown from '$lib/parts/Markdown.svelte';
import { randomFrom } from '$lib/platform/fake/random';
import { markdown, type Block, type Inline } from '$lib/words/markdown';

/** What was drawn, in a short hand: elements by name, without what Untrusted draws. */
function drawn(text: string): string {
  const { container } = render(Markdown, { text });
  const short = (node: Node): string => {
    // Between elements there is only the template's own white space.
    if (node instanceof Text) return node.parentElement?.tagName === 'SPAN' ? node.data : '';
    const inner = [...node.childNodes].map(short).join('');
    if (!(node instanceof Element)) return '';
    return node.tagName === 'SPAN' || node.tagName === 'DIV' ? inner : `<${node.tagName.toLowerCase()}>${inner}</>`;
  };
  return short(container);
}

describe('what is read', () => {
  const cases: [string, string, string][] = [
    ['plain text', 'Called the owner.\nShe is on it.', '<p>Called the owner.\nShe is on it.</>'],
    ['paragraphs', 'one\n\n\ntwo', '<p>one</><p>two</>'],
    ['emphasis', 'an *odd* and **bad** _sign_ of __ours__', '<p>an <em>odd</> and <strong>bad</> <em>sign</> of <strong>ours</></>'],
    ['emphasis within', '**all _of_ it**', '<p><strong>all <em>of</> it</></>'],
    ['code', 'ran `xmrig --url` and ``a ` tick``', '<p>ran <code>xmrig --url</> and <code>a ` tick</></>'],
    ['marks in code are text', '`**not**`', '<p><code>**not**</></>'],
    ['a block of code', 'ran\n```sh\n# not a heading\n- x\n```\nthen', '<p>ran</><pre># not a heading\n- x</><p>then</>'],
    ['a block that nobody closed', '```\nrest', '<pre>rest</>'],
    ['headings are strong words', '# Done\nx\n### Next ###', '<p><strong>Done</></><p>x</><p><strong>Next</></>'],
    ['a list', '- one\n- two\n  goes on\n  - inner', '<ul><li><p>one</></><li><p>two\ngoes on</><ul><li><p>inner</></></></></>'],
    ['a numbered list', '3. three\n4. four', '<ol><li><p>three</></><li><p>four</></></>'],
    ['a list after a line', 'Done:\n- isolated', '<p>Done:</><ul><li><p>isolated</></></>'],
    ['a quote', '> she said\n> so\nand left', '<blockquote><p>she said\nso</></><p>and left</>'],
    ['a link shows where it leads', '[the case](https://case.example/1)', '<p>the case <code>https://case.example/1</></>'],
    ['an image is a link', '![x](http://evil.example/p.png)', '<p>x <code>http://evil.example/p.png</></>'],
    ['what is escaped is text', '\\*no\\* \\`no\\` \\[no](x)', '<p>*no* `no` [no](x)</>'],
  ];
  test.each(cases)('%s', (_, text, expected) => expect(drawn(text)).toBe(expected));

  test.each(['s3:* and iam:* on *', '2 * 3 * 4', 'aws_access_key_id and _private', '*.a.example, *.b.example', '#12 is ours', '5*3*2', '1.2.3.4 -> 5.6.7.8', '**', '`', '[x]', '[x](', 'a <b>c</b> &lt; &#60;'])(
    'plain text stays as it was typed: %s',
    (text) => expect(drawn(text)).toBe(`<p>${text}</>`),
  );
});

describe('what strangers would write', () => {
  const ALLOWED = new Set(['DIV', 'P', 'EM', 'STRONG', 'CODE', 'PRE', 'BLOCKQUOTE', 'UL', 'OL', 'LI', 'SPAN', 'BUTTON']);
  const ATTRIBUTES = new Set(['class', 'dir', 'title', 'value']);
  const OURS = /^(This character can’t be seen or changes how the text reads; its code is shown instead|[\w ._-]*|\d+)$/;

  function check(text: string): HTMLElement {
    const { container, unmount } = render(Markdown, { text });
    for (const element of container.querySelectorAll('*')) {
      expect(ALLOWED.has(element.tagName), element.tagName).toBe(true);
      for (const { name, value } of element.attributes) {
        expect(ATTRIBUTES.has(name), name).toBe(true);
        expect(value).toMatch(OURS);
      }
    }
    expect(container.textContent).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/);
    unmount();
    return container;
  }

  test.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '[x](javascript:alert(1))',
    '[x](javascript:alert`1`)',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '![x](http://127.0.0.1/p.png "onload=alert(1)")',
    '[a]: javascript:alert(1)\n[a]',
    '<https://evil.example> https://evil.example',
    '```"><script>\nalert(1)\n```',
    '- <svg/onload=alert(1)>\n  > <iframe srcdoc="x">',
    '# <style>*{display:none}</style>',
    '**<b onclick=x>**y**</b>**',
    'a\u202eb\u2066c\u200bd `\u202e` [\u202ex](\u202ey) **\u202e**',
    '{@html x} {#if} ${x}',
    '</p></div><form action=x><input name=y autofocus onfocus=alert(1)>',
  ])('nothing but text: %s', (text) => void check(text));

  test.each([
    ['quotes', '> '.repeat(10_000)],
    ['lists', Array.from({ length: 2_000 }, (_, depth) => `${' '.repeat(depth * 2)}- x`).join('\n')],
    ['brackets', '['.repeat(10_000)],
    ['links', '[x]('.repeat(2_000)],
    ['stars', '*'.repeat(7_999)],
    ['openers', '*a '.repeat(2_600)],
    ['strong openers', '**a '.repeat(2_000)],
    ['mixed', '*a **b _c __d '.repeat(570)],
    ['ticks', Array.from({ length: 120 }, (_, length) => '`'.repeat(length + 1)).join(' ')],
    ['emphasis', `${'*a _b '.repeat(600)}${'_ *'.repeat(600)}`],
    ['empty lines', '\n'.repeat(8_000)],
    ['fences', '```\n~~~\n'.repeat(1_000)],
    ['a megabyte', 'x <b> [y](z) **w** \n'.repeat(50_000)],
    ['a megabyte of quotes', '>'.repeat(1_000_000)],
  ])('is read in no time: %s', (_, text) => {
    const began = performance.now();
    const blocks = markdown(text);
    expect(performance.now() - began).toBeLessThan(500);
    expect(deepest(blocks)).toBeLessThan(20);
    check(text.slice(0, 1_000_000));
  });

  test('nothing that is written is lost, whatever it is', () => {
    const random = randomFrom(11);
    const parts = ['*', '**', '_', '__', '`', '```', '\n', '\n\n', '> ', '- ', '1. ', '  ', '# ', '[', '](', ')', '!', '<b>', '\\', 'a', 'Zoë', ' ', '\u202e', '~~~'];
    for (let round = 0; round < 400; round += 1) {
      const text = Array.from({ length: Math.floor(random() * 40) }, () => parts[Math.floor(random() * parts.length)]).join('');
      const kept = plain(markdown(text)).match(/[a-zë]/gi)?.length ?? 0;
      // The word after a fence names its language and is not shown.
      if (!/(```|~~~)/.test(text)) expect(kept, JSON.stringify(text)).toBe(text.match(/[a-zë]/gi)?.length ?? 0);
      if (round % 8 === 0) check(text);
    }
  });
});

function deepest(blocks: readonly Block[]): number {
  const below = (block: Block): number => {
    if (block.kind === 'quote') return deepest(block.blocks);
    if (block.kind === 'list') return Math.max(0, ...block.items.map(deepest));
    return block.kind === 'code' ? 0 : deepestInline(block.inner);
  };
  return 1 + Math.max(0, ...blocks.map(below));
}

function deepestInline(inlines: readonly Inline[]): number {
  return 1 + Math.max(0, ...inlines.map((inline) => ('inner' in inline ? deepestInline(inline.inner) : 0)));
}

function plain(blocks: readonly Block[]): string {
  const said = (inline: Inline): string => ('inner' in inline ? inline.inner.map(said).join('') : inline.text);
  return blocks
    .map((block) => {
      if (block.kind === 'quote') return plain(block.blocks);
      if (block.kind === 'list') return block.items.map(plain).join('');
      return block.kind === 'code' ? block.text : block.inner.map(said).join('');
    })
    .join('');
}

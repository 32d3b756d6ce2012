/** A run of text, or what stands within one. There is no other kind: HTML, images and links have none. */
export type Inline =
  | { kind: 'text' | 'code'; text: string }
  /** Where a link would lead; it is shown, never followed. */
  | { kind: 'address'; text: string }
  | { kind: 'em'; inner: Inline[] }
  | { kind: 'strong'; inner: Inline[] };

export type Block =
  /** A heading is said in strong words: a note has no business with the page's outline. */
  | { kind: 'paragraph'; inner: Inline[] }
  | { kind: 'heading'; inner: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; first: number | null; items: Block[][] };

/** Longer text is not read as Markdown. The engine's notes end at 4,000 characters. */
export const MARKDOWN_CAP = 8_000;
/** Quotes in lists in quotes, and emphasis in emphasis, up to here; beyond it marks are text. */
const DEEPEST = 6;

/** Reads the Markdown that people write to each other. What is not understood stays as it was typed. */
export function markdown(text: string): Block[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  return text.length > MARKDOWN_CAP ? [{ kind: 'paragraph', inner: [{ kind: 'text', text }] }] : blocksOf(lines, 0);
}

const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const HEADING = /^ {0,3}#{1,6} +(.*?)(?: +#+)? *$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})(?:[-*+]|(\d{1,9})[.)])( +)(?=\S)/;

function blocksOf(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const fence = FENCE.exec(line)?.[1];
    const heading = HEADING.exec(line)?.[1];
    const from = at;
    if (line.trim() === '') at += 1;
    else if (fence !== undefined) {
      at = until(lines, at + 1, (other) => other.trim().startsWith(fence) && other.trim().replaceAll(fence.charAt(0), '') === '');
      blocks.push({ kind: 'code', text: lines.slice(from + 1, at).join('\n') });
      at += 1;
    } else if (heading !== undefined) {
      blocks.push({ kind: 'heading', inner: inlinesOf(heading, depth) });
      at += 1;
    } else if (depth < DEEPEST && QUOTE.test(line)) {
      at = until(lines, at, (other) => !QUOTE.test(other));
      const inner = lines.slice(from, at).map((other) => other.replace(QUOTE, ''));
      blocks.push({ kind: 'quote', blocks: blocksOf(inner, depth + 1) });
    } else if (depth < DEEPEST && ITEM.test(line)) at = list(lines, at, depth, blocks);
    else {
      at = until(lines, at + 1, (other) => other.trim() === '' || FENCE.test(other) || HEADING.test(other) || (depth < DEEPEST && (QUOTE.test(other) || ITEM.test(other))));
      blocks.push({ kind: 'paragraph', inner: inlinesOf(lines.slice(from, at).join('\n'), depth) });
    }
  }
  return blocks;
}

/** Reads items of one sort from here on; what is indented belongs to the item above. Answers where it ended. */
function list(lines: readonly string[], from: number, depth: number, blocks: Block[]): number {
  const items: Block[][] = [];
  const number = ITEM.exec(lines[from] ?? '')?.[2];
  let at = from;
  for (;;) {
    const line = lines[at] ?? '';
    const mark = ITEM.exec(line);
    if (mark === null || (mark[2] === undefined) !== (number === undefined)) break;
    const indent = new RegExp(`^ {1,${mark[0].length}}`);
    const end = until(lines, at + 1, (other, index) => (other.trim() === '' ? !/^ +\S/.test(lines[index + 1] ?? '') : !/^ {2,}/.test(other)));
    items.push(blocksOf([line.slice(mark[0].length), ...lines.slice(at + 1, end).map((other) => other.replace(indent, ''))], depth + 1));
    at = end;
    // One empty line between two items is nothing.
    if (lines[at]?.trim() === '' && ITEM.test(lines[at + 1] ?? '')) at += 1;
  }
  blocks.push({ kind: 'list', first: number === undefined ? null : Number(number), items });
  return at;
}

function until(lines: readonly string[], from: number, ends: (line: string, index: number) => boolean): number {
  const at = lines.findIndex((line, index) => index >= from && ends(line, index));
  return at < 0 ? lines.length : at;
}

const MARK = /\\[!-/:-@[-`{-~]|`+|\*\*|__|[*_]|!?\[/g;
const LINK = /!?\[([^[\]\n]{0,500})\]\(<?([^\s<>()]{1,2000})>?(?: +"[^"\n]{0,500}")?\)/y;

function inlinesOf(text: string, depth: number): Inline[] {
  const inlines: Inline[] = [];
  let plain = '';
  let at = 0;
  const flush = (): void => {
    if (plain !== '') inlines.push({ kind: 'text', text: plain });
    plain = '';
  };
  const put = (...found: Inline[]): void => {
    flush();
    inlines.push(...found);
  };
  /** Marks that were looked for in vain: nothing later closes them either. */
  const unclosed = new Set<string>();
  for (const match of text.matchAll(MARK)) {
    const [mark] = match;
    if (match.index < at) continue;
    plain += text.slice(at, match.index);
    const after = match.index + mark.length;
    at = after;
    LINK.lastIndex = match.index;
    const link = mark.endsWith('[') ? LINK.exec(text) : null;
    const code = mark.startsWith('`');
    const looks = code || (/^[*_]/.test(mark) && depth < DEEPEST && opens(text, match.index, after));
    const end = looks && !unclosed.has(mark) ? closing(text, mark, after) : -1;
    if (looks && end < 0) unclosed.add(mark);
    if (mark.startsWith('\\')) plain += mark.slice(1);
    else if (link) {
      if (link[1]) put({ kind: 'text', text: `${link[1]} ` });
      put({ kind: 'address', text: link[2] ?? '' });
      at = LINK.lastIndex;
    } else if (end >= 0 && code) {
      put({ kind: 'code', text: text.slice(after, end).replace(/^ (.*\S.*) $/s, '$1') });
      at = end + mark.length;
    } else if (end >= 0) {
      put({ kind: mark.length === 2 ? 'strong' : 'em', inner: inlinesOf(text.slice(after, end), depth + 1) });
      at = end + mark.length;
    } else plain += mark;
  }
  plain += text.slice(at);
  flush();
  return inlines;
}

/** Marks stand at the edges of words, so that `s3:*`, `2 * 3` and `access_key_id` stay what they are. */
function opens(text: string, from: number, after: number): boolean {
  return !/[\p{L}\p{N}]/u.test(text.charAt(from - 1)) && /\S/.test(text.charAt(after));
}

function closing(text: string, mark: string, after: number): number {
  if (mark.startsWith('`')) {
    const ticks = new RegExp(`(?<!\`)\`{${mark.length}}(?!\`)`, 'g');
    ticks.lastIndex = after;
    return ticks.exec(text)?.index ?? -1;
  }
  for (let end = text.indexOf(mark, after + 1); end >= 0; end = text.indexOf(mark, end + 1)) {
    const next = text.charAt(end + mark.length);
    const inWord = /[\p{L}\p{N}*_]/u.test(next);
    if (/\S/.test(text.charAt(end - 1)) && text.charAt(end - 1) !== '\\' && !inWord) return end;
  }
  return -1;
}

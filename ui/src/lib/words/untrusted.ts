/** A run of text to draw as it is, or one code point that must not be drawn as itself. */
export type Piece = { kind: 'text'; text: string } | { kind: 'escape'; text: string; code: string };

/**
 * Characters that change how the text around them reads, or that can't be seen: controls, direction
 * marks (a file name that reads backwards), zero-width and tag characters (text hidden from people but
 * not from a model), variation selectors, fillers, private use, lone surrogates, line separators.
 */
const HIDDEN =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u2028-\u202F\u205F-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\uE000-\uF8FF\u{1BCA0}-\u{1BCA3}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}\u{F0000}-\u{10FFFF}]|[\uD800-\uDFFF]/gu;

/** Splits text into what may be drawn and what must be shown as its code point, `⟨U+202E⟩`. */
export function reveal(text: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    if (match.index > from) pieces.push({ kind: 'text', text: text.slice(from, match.index) });
    pieces.push({ kind: 'escape', text: match[0], code: codeOf(match[0]) });
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push({ kind: 'text', text: text.slice(from) });
  return pieces;
}

/** The same as one string, for attributes and canvas labels. */
export function revealed(text: string): string {
  return reveal(text)
    .map((piece) => (piece.kind === 'text' ? piece.text : `⟨${piece.code}⟩`))
    .join('');
}

/** Cuts at a code point, never inside one. */
export function capped(text: string, limit: number): { text: string; more: number } {
  if (text.length <= limit) return { text, more: 0 };
  const last = text.charCodeAt(limit - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit;
  return { text: text.slice(0, end), more: text.length - end };
}

function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

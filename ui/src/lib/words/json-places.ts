/**
 * On which line of a JSON text the value of each path stands, counted from 0. Paths are written as the
 * engine writes them: `a.b[0].c`. Reads the text as it is shown, so that a mark can't be on another
 * line than the value; text that is not JSON gives what was found until then.
 */
export function jsonPlaces(text: string): Map<string, number> {
  const places = new Map<string, number>();
  const stack: Frame[] = [];
  let line = 0;
  let at = 0;

  const path = (): string => stack.at(-1)?.path ?? '';
  const child = (): string => {
    const frame = stack.at(-1);
    if (!frame) return '';
    if (frame.array) return `${frame.path}[${frame.index}]`;
    return frame.path === '' ? frame.key : `${frame.path}.${frame.key}`;
  };
  const note = (): void => {
    const place = child();
    if (!places.has(place)) places.set(place, line);
  };

  while (at < text.length) {
    const mark = text.charAt(at);
    const frame = stack.at(-1);
    if (mark === '"') {
      const end = endOfString(text, at);
      if (frame && !frame.array && frame.naming) {
        frame.key = unescaped(text.slice(at, end));
        frame.naming = false;
      } else note();
      at = end;
      continue;
    }
    if (mark === '\n') line += 1;
    else if (mark === '{' || mark === '[') stack.push({ path: stack.length === 0 ? path() : child(), array: mark === '[', index: 0, key: '', naming: mark === '{' });
    else if (mark === '}' || mark === ']') stack.pop();
    else if (mark === ',' && frame) {
      frame.index += 1;
      frame.naming = !frame.array;
    } else if (/[-\w]/.test(mark)) {
      note();
      while (at + 1 < text.length && /[-+.\w]/.test(text.charAt(at + 1))) at += 1;
    }
    at += 1;
  }
  return places;
}

interface Frame {
  path: string;
  array: boolean;
  index: number;
  key: string;
  /** The next string is a member's name. */
  naming: boolean;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const mark = text.charAt(at);
    if (mark === '\\') at += 1;
    else if (mark === '"') return at + 1;
  }
  return text.length;
}

function unescaped(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}

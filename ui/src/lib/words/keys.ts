const CAPS: Record<string, string> = {
  enter: '↵',
  escape: 'esc',
  arrowdown: '↓',
  arrowup: '↑',
  arrowleft: '←',
  arrowright: '→',
  space: 'space',
  home: 'home',
  end: 'end',
  pagedown: 'pg dn',
  pageup: 'pg up',
};

/** The caps to draw for a binding's key: `mod+k` is `Ctrl` `K` (`⌘` on a Mac), `g q` is `g` `q`. */
export function keyCaps(key: string, mac = isMac()): string[] {
  return key.split(/[ ]/).flatMap((part) => {
    const [first, second] = part.split('+');
    if (first === 'mod' && second) return [mac ? '⌘' : 'Ctrl', second.toUpperCase()];
    if (first === 'shift' && second) return ['⇧', CAPS[second] ?? second];
    return [CAPS[part] ?? part];
  });
}

function isMac(): boolean {
  return typeof navigator !== 'undefined' && navigator.userAgent.includes('Mac');
}

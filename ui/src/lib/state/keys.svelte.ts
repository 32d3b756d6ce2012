/** One thing a key does, with the words that the help overlay shows for it. */
export interface Binding {
  /** `j`, `?`, `mod+k`, `escape`, or two keys in a row: `g q`. */
  keys: readonly string[];
  label: string;
  run: () => void;
  /** Works while a text field has the focus. */
  inFields?: boolean;
  /** Left out of the help overlay (a second key for the same thing). */
  hidden?: boolean;
}

export interface KeyGroup {
  title: string;
  bindings: readonly Binding[];
}

const CHORD_MILLISECONDS = 1200;

/** The name of the key that an event stands for. Printable keys are what they print. */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'> & { shiftKey?: boolean }): string {
  const key = event.key === ' ' ? 'space' : event.key.length === 1 ? event.key : event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) return `mod+${key.toLowerCase()}`;
  if (event.altKey) return `alt+${key}`;
  return event.shiftKey === true && key.startsWith('arrow') ? `shift+${key}` : key;
}

/** True where keys are text: they then belong to the field. */
export function isField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

/**
 * One listener for the whole window. Pages add groups; a dialog adds a layer, and only the top layer
 * hears keys. Enter and Space on a focused button stay the button's own.
 */
export class Keys {
  #groups = $state.raw<{ group: KeyGroup; layer: number }[]>([]);
  #layer = 0;
  #prefix = '';
  #prefixAt = 0;

  get shown(): KeyGroup[] {
    return this.#groups.map(({ group }) => group);
  }

  add(group: KeyGroup): () => void {
    const entry = { group, layer: this.#layer };
    this.#groups = [...this.#groups, entry];
    return () => (this.#groups = this.#groups.filter((other) => other !== entry));
  }

  /** Silences everything below until the returned function is called. */
  openLayer(): () => void {
    this.#layer += 1;
    let open = true;
    return () => {
      if (open) this.#layer -= 1;
      open = false;
    };
  }

  /** Returns true when the key did something. */
  handle(event: KeyboardEvent, now = Date.now()): boolean {
    if (event.defaultPrevented || event.isComposing) return false;
    const name = keyName(event);
    const field = isField(event.target);
    const activates = name === 'enter' || name === 'space';
    if (activates && event.target instanceof Element && event.target.closest('button, a, [role="option"] input')) {
      return false;
    }
    const chord = now - this.#prefixAt < CHORD_MILLISECONDS && this.#prefix !== '' ? `${this.#prefix} ${name}` : null;
    this.#prefix = '';
    const binding = (chord && this.#find(chord, field)) || this.#find(name, field);
    if (binding) {
      event.preventDefault();
      binding.run();
      return true;
    }
    if (!field && this.#startsChord(name)) {
      this.#prefix = name;
      this.#prefixAt = now;
      event.preventDefault();
    }
    return false;
  }

  #find(name: string, field: boolean): Binding | undefined {
    // The newest group wins: a page's own key goes before a general one.
    for (const { group, layer } of this.#groups.toReversed()) {
      if (layer !== this.#layer) continue;
      const found = group.bindings.find((binding) => binding.keys.includes(name));
      if (found && (!field || found.inFields === true)) return found;
    }
    return undefined;
  }

  #startsChord(name: string): boolean {
    return this.#groups.some(
      ({ group, layer }) =>
        layer === this.#layer &&
        group.bindings.some((binding) => binding.keys.some((key) => key.startsWith(`${name} `))),
    );
  }
}

export const keys = new Keys();

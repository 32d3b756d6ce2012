/**
 * What one person's window remembers on this machine. Storage may be denied: then nothing is found, and what
 * is kept lasts as long as the window.
 */
export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

import type { CommandRole } from '$wire';

/** Every role has a mark of its own: colour is never the only sign. */
export const LOOK: Record<CommandRole, { mark: string; label: string }> = {
  compromised: { mark: '▲', label: 'compromised' },
  contained: { mark: '✓', label: 'contained, proven' },
  crown_jewel: { mark: '◆', label: 'crown jewel in reach' },
  on_path: { mark: '·', label: 'on a way to a crown jewel' },
  reachable: { mark: '', label: 'within reach' },
  external: { mark: '', label: 'outside' },
};

export const ROLES: readonly CommandRole[] = ['compromised', 'contained', 'crown_jewel', 'on_path', 'reachable', 'external'];

const KEY = 'firebreak.commander.looked';

/** When this person last looked, on this machine; null the first time. */
export function lastLook(): string | null {
  try {
    const value = localStorage.getItem(KEY);
    return value !== null && !Number.isNaN(Date.parse(value)) ? value : null;
  } catch {
    return null;
  }
}

export function looked(at: number): void {
  try {
    localStorage.setItem(KEY, new Date(at).toISOString());
  } catch {
    // Storage may be denied: then nothing can be said of what changed since.
  }
}

import type { CommandRole } from '$wire';
import { keep, kept } from '$lib/state/kept';

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

/** When this person last looked, on this machine; null the first time, and where nothing may be kept. */
export function lastLook(): string | null {
  const value = kept(KEY);
  return value !== null && !Number.isNaN(Date.parse(value)) ? value : null;
}

export function looked(at: number): void {
  keep(KEY, new Date(at).toISOString());
}

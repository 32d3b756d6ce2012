/** Identities and what is outside are round, things are square: shape says it too. */
export function isRound(asset: { role: string; kind: string }): boolean {
  return asset.role === 'external' || /role|user|identity|principal|key|account/i.test(asset.kind);
}

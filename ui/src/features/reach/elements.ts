import type { ElementDefinition } from 'cytoscape';
import { count } from '$lib/words/labels';
import { isRound } from '$lib/words/shape';
import { capped, revealed } from '$lib/words/untrusted';
import type { DrawnNode, Group, Picture } from './grouping';
import { layoutReach } from './layout';

const LABEL = 28;

/** The picture as Cytoscape's elements, placed. Names are untrusted: made visible and short before they are drawn. */
export function elementsOf(picture: Pick<Picture, 'nodes' | 'edges'>, wide?: number): ElementDefinition[] {
  const places = layoutReach(picture, wide);
  const nodes = picture.nodes.map((node) => ({
    group: 'nodes' as const,
    data: {
      id: node.id,
      label: labelOf(node),
      role: node.role,
      round: isRound(node.first) && node.group?.level !== 'account' && node.group?.level !== 'side' ? 1 : 0,
      many: node.group === null ? 0 : 1,
    },
    position: { ...(places.get(node.id) ?? { x: 0, y: 0 }) },
  }));
  const across = (id: string): number => places.get(id)?.x ?? 0;
  const edges = picture.edges.map((edge) => ({
    group: 'edges' as const,
    data: { aside: across(edge.from) === across(edge.to) ? 1 : 0, id: `edge ${edge.from} ${edge.to}`, source: edge.from, target: edge.to, hot: edge.hot ? 1 : 0, label: edge.count > 1 ? `×${edge.count.toLocaleString('en-GB')}` : '' },
  }));
  return [...nodes, ...edges];
}

function labelOf(node: DrawnNode): string {
  if (node.group !== null) {
    const first = `${short(groupName(node.group))} ×${node.members.length.toLocaleString('en-GB')}`;
    return [first, ...(node.group.level === 'kind' && !node.group.outside ? [short(accountOf(node.group))] : []), ...worstOf(node)].join('\n');
  }
  const name = short(node.first.name);
  if (node.role === 'compromised') return `${name}\ncompromised`;
  if (node.role === 'crown_jewel') return `${name}\ncrown jewel`;
  return name;
}

function short(text: string): string {
  const { text: start, more } = capped(text, LABEL);
  return revealed(start) + (more > 0 ? '…' : '');
}

/** What a group is called. Untrusted: kinds and accounts are the sources' words. */
export function groupName(group: Group): string {
  if (group.level === 'side') return group.outside ? 'outside' : 'all accounts';
  if (group.level === 'account') return group.outside ? 'outside' : accountOf(group);
  return group.kind === null || group.kind === '' ? 'of no known kind' : group.kind;
}

/** Which account a group is in. Untrusted. */
export function accountOf(group: Group): string {
  return group.accountName ?? group.account ?? 'account unknown';
}

/** What a group holds that must not go unseen. */
export function worstOf(node: DrawnNode): string[] {
  const has = (role: string): number => node.members.filter((member) => member.role === role).length;
  const [own, jewels] = [has('compromised'), has('crown_jewel')];
  return [...(own > 0 ? [`${own.toLocaleString('en-GB')} compromised`] : []), ...(jewels > 0 ? [count(jewels, 'crown jewel')] : [])];
}

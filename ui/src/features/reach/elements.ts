import type { ElementDefinition } from 'cytoscape';
import type { ReachNode } from '$wire';
import { capped, revealed } from '$lib/words/untrusted';
import { hotEdges, layoutReach, type Drawn } from './layout';

const LABEL = 28;

/** The reach as Cytoscape's elements, placed. Names are untrusted: made visible and short before they are drawn. */
export function elementsOf(reach: Drawn): ElementDefinition[] {
  const places = layoutReach(reach);
  const hot = hotEdges(reach);
  const known = new Set(reach.nodes.map((node) => node.id));
  const nodes = [...new Map(reach.nodes.map((node) => [node.id, node])).values()].map((node) => ({
    group: 'nodes' as const,
    data: { id: node.id, label: labelOf(node), role: node.role, round: isRound(node) ? 1 : 0 },
    position: { ...(places.get(node.id) ?? { x: 0, y: 0 }) },
  }));
  const edges = reach.edges.flatMap((edge, index) => {
    if (!known.has(edge.from) || !known.has(edge.to)) return [];
    return [{ group: 'edges' as const, data: { id: `edge ${index}`, source: edge.from, target: edge.to, hot: hot.has(index) ? 1 : 0 } }];
  });
  return [...nodes, ...edges];
}

function labelOf(node: ReachNode): string {
  const { text, more } = capped(node.name, LABEL);
  const name = revealed(text) + (more > 0 ? '…' : '');
  if (node.role === 'compromised') return `${name}\ncompromised`;
  if (node.role === 'crown_jewel') return `${name}\ncrown jewel`;
  return name;
}

/** Identities and addresses are round, things are square: shape says it too. */
function isRound(node: ReachNode): boolean {
  return node.role === 'external' || /role|user|identity|principal|key|account/i.test(node.kind);
}

import type { StylesheetStyle } from 'cytoscape';

/** The look of the graph, in the tokens of the page around it. The canvas can't read CSS variables itself. */
export function styleOf(element: Element): StylesheetStyle[] {
  const computed = getComputedStyle(element);
  const token = (name: string): string => computed.getPropertyValue(name).trim();
  const line = token('--line-strong');
  return [
    {
      selector: 'node',
      style: {
        shape: 'round-rectangle',
        width: 30,
        height: 30,
        'background-color': token('--surface'),
        'border-width': 1.5,
        'border-color': line,
        label: 'data(label)',
        'font-family': 'Inter Variable, Inter, sans-serif',
        'font-size': 11,
        'text-wrap': 'wrap',
        'text-valign': 'bottom',
        'text-margin-y': 6,
        color: token('--text-2'),
        'text-background-color': token('--bg'),
        'text-background-opacity': 0.85,
        'text-background-padding': '2px',
        'text-background-shape': 'roundrectangle',
        'overlay-opacity': 0,
      },
    },
    { selector: 'node[round = 1]', style: { shape: 'ellipse' } },
    {
      selector: 'node[role = "compromised"]',
      style: { width: 38, height: 38, 'border-width': 2, 'border-color': token('--crit'), 'background-color': token('--crit'), 'background-opacity': 0.22, color: token('--text') },
    },
    {
      selector: 'node[role = "crown_jewel"]',
      style: { width: 36, height: 36, 'border-width': 2, 'border-color': token('--accent'), 'background-color': token('--accent'), 'background-opacity': 0.2, color: token('--text') },
    },
    { selector: 'node[role = "external"]', style: { 'border-style': 'dashed', 'border-color': token('--text-3') } },
    // What is put together has a double edge: a pile, not a thing.
    { selector: 'node[many = 1]', style: { width: 40, height: 40, 'border-style': 'double', 'border-width': 5, color: token('--text') } },
    { selector: 'node.chosen', style: { 'border-color': token('--focus'), 'border-width': 2.5 } },
    {
      selector: 'edge',
      style: {
        width: 1.3,
        'line-color': line,
        'target-arrow-color': line,
        'target-arrow-shape': 'triangle',
        'arrow-scale': 0.7,
        'curve-style': 'unbundled-bezier',
        'control-point-distances': [0, 0],
        'control-point-weights': [0.35, 0.65],
        'source-endpoint': 'outside-to-node',
        'target-endpoint': 'outside-to-node',
        'overlay-opacity': 0,
        label: 'data(label)',
        'font-family': 'Inter Variable, Inter, sans-serif',
        'font-size': 9,
        color: token('--text-3'),
        'text-background-color': token('--bg'),
        'text-background-opacity': 0.85,
        'text-background-padding': '1px',
      },
    },
    // Between two of one column: around what stands between them.
    { selector: 'edge[aside = 1]', style: { 'control-point-distances': [44, 44] } },
    {
      selector: 'edge[hot = 1]',
      style: { width: 2, 'line-color': token('--high'), 'target-arrow-color': token('--high'), 'z-index': 2 },
    },
  ];
}

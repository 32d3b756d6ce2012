import type { CutAsset, CutOptionView, CutState, CutView, StepView } from '$wire';

const PATHS = 15;
const named = (...names: string[]): CutAsset[] => names.map((name) => ({ id: `arn:aws:ecs:eu-central-1:123456789012:service/${name}`, name }));
/** By place in the plan: isolate, key, stop. */
const BREAKS = [named('cart-api'), named('deploy-bot', 'nightly-export'), named('cart-api', 'batch-import')];
const ALONE = [9, 5, 10];
const LEAVES = [
  'Credentials that were copied from it keep working, and a connection that is open may stay open.',
  'Sessions that were opened with it live on, for up to 36 hours.',
  'Credentials that were copied from it keep working until they expire.',
];
const ORDER = 'Ranked by the cut: mandatory steps first, then by the attack paths that each still removes against what it breaks.';
const WHY_NOT: Record<Exclude<CutState, 'weighed'>, string> = {
  no_steps: 'there is no step to weigh',
  unknown: 'nobody has said yet what leads on from this incident’s assets',
  no_crown_jewels: 'the asset graph knows no crown jewel; tag what an attacker would be after',
  no_paths: 'no attack path leads to a crown jewel within 4 hops',
  too_much: 'more than 1000000 edges lie within 4 hops of the incident',
  late: 'weighing the steps took too long',
};

/** How the steps of a plan would be weighed, told apart enough to look at each state of the panel. */
export function inventCut(steps: StepView[], state: CutState = 'weighed'): CutView {
  const can = (index: number): boolean => steps[index] !== undefined && !['denied'].includes(steps[index].verdict.kind) && !['proven', 'rejected', 'refused'].includes(steps[index].state);
  const view: CutView = {
    state,
    said: state === 'weighed' ? ORDER : `The playbook's order stands: ${WHY_NOT[state]}.`,
    outdated: false,
    bounds: [],
    paths: 0,
    paths_are_all: true,
    crown_jewels: 0,
    hops: 4,
    steps: steps.map((step, index) => ({
      step: step.id,
      standing: step.state === 'proven' ? 'in_force' : can(index) ? 'candidate' : 'left_out',
      said: step.state === 'proven' ? 'what it takes out is gone already, breaks 2' : can(index) && state === 'weighed' ? `removes ${ALONE[index]} of ${PATHS} paths, breaks ${BREAKS[index]?.length}` : 'not weighed, breaks nothing that is known',
      removes: state === 'weighed' && can(index) ? (ALONE[index] ?? 0) : 0,
      cuts_off: 0,
      breaks: BREAKS[index] ?? [],
      breaks_are_all: true,
      leaves: LEAVES[index] ?? '',
    })),
    options: [],
    least: null,
  };
  if (state !== 'weighed') return view;
  const option = (indexes: number[], removes: number, cuts_off: number): CutOptionView | null =>
    indexes.every(can)
      ? {
          steps: indexes.map((index) => steps[index]?.id ?? ''),
          removes,
          cuts_off,
          breaks: [...new Map(indexes.flatMap((index) => BREAKS[index] ?? []).map((asset) => [asset.id, asset])).values()],
          cost: indexes.length,
          recommended: null,
        }
      : null;
  const all = [option([1, 2], 15, 2), option([0, 1], 14, 2), option([2], 10, 1), option([0], 9, 0)];
  const options = all.filter((one) => one !== null);
  const most = Math.max(...options.map((one) => one.cuts_off));
  const best = options.filter((one) => one.cuts_off === most).toSorted((one, other) => one.breaks.length - other.breaks.length || other.removes - one.removes)[0];
  if (best) best.recommended = most === 0 ? 'No set of steps cuts a crown jewel off; this one removes the most paths.' : most === 2 ? 'It cuts off all 2 crown jewels, and breaks the least of those that do.' : 'It cuts off 1 of 2 crown jewels, the most there is, and breaks the least of those that do.';
  const least = options.find((one) => one.cuts_off === 2);
  return { ...view, paths: PATHS, crown_jewels: 2, options, least: least ? { steps: least.steps, cost: least.cost, left_out: [] } : null };
}

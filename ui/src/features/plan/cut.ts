import type { CutAsset, CutOptionView, CutView, PlanView, StepCutView } from '$wire';
import { count } from '$lib/words/labels';
import { revealed } from '$lib/words/untrusted';

/** A way to cut as a point: paths removed against what breaks, both in parts of the chart. */
export interface CutPoint {
  option: CutOptionView;
  /** A, B, C: the same in the chart and in the list. */
  letter: string;
  /** From 0 at the left to 1: what breaks. */
  x: number;
  /** From 0 at the bottom to 1: paths removed. */
  y: number;
  /** How many points before it have its place: they are drawn beside each other. */
  beside: number;
}

/** The letter of the n-th option: A to Z, then AA. */
export function letterOf(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : letterOf(Math.floor(index / 26) - 1) + letter;
}

export function pointsOf(cut: CutView): CutPoint[] {
  const most = Math.max(1, ...cut.options.map((option) => option.breaks.length));
  const places = new Map<string, number>();
  return cut.options.map((option, index) => {
    const place = `${option.breaks.length} ${option.removes}`;
    const beside = places.get(place) ?? 0;
    places.set(place, beside + 1);
    const y = cut.paths === 0 ? 0 : Math.min(1, option.removes / cut.paths);
    return { option, letter: letterOf(index), x: option.breaks.length / most, y, beside };
  });
}

/** "1 + 3": the ranks of an option's steps in the plan. */
export function ranksOf(plan: PlanView, steps: string[]): string {
  return plan.steps.filter((step) => steps.includes(step.id)).map((step) => step.rank).join(' + ');
}

export function weighedOf(plan: PlanView, step: string): StepCutView | null {
  return plan.cut.steps.find((one) => one.step === step) ?? null;
}

/** What an option comes to, whole: for the tooltip of its point and for who can't see it. */
export function saidOf(plan: PlanView, { option, letter }: CutPoint): string {
  const { cut } = plan;
  const least = cut.paths_are_all ? '' : 'at least ';
  const parts = [
    `removes ${least}${option.removes} of ${count(cut.paths, 'path')}`,
    `cuts off ${option.cuts_off} of ${count(cut.crown_jewels, 'crown jewel')}`,
    option.breaks.length === 0 ? 'breaks nothing that is known' : `breaks ${option.breaks.length}`,
  ];
  const step = option.steps.length === 1 ? 'step' : 'steps';
  return `${letter}: ${step} ${ranksOf(plan, option.steps)} ${parts.join(', ')}${option.recommended === null ? '' : '. Recommended.'}`;
}

/** The first few names, and how many more. */
export function namesOf(assets: CutAsset[], most = 3): string {
  const names = assets.slice(0, most).map((asset) => revealed(asset.name));
  return assets.length > most ? `${names.join(', ')} and ${assets.length - most} more` : names.join(', ');
}

/** Where a key leads from one option; null when it is none of ours. */
export function steered(key: string, at: number, many: number): number | null {
  if (many === 0) return null;
  if (key === 'ArrowRight' || key === 'ArrowDown') return (at + 1) % many;
  if (key === 'ArrowLeft' || key === 'ArrowUp') return (at - 1 + many) % many;
  if (key === 'Home') return 0;
  if (key === 'End') return many - 1;
  return null;
}

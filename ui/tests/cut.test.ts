import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import type { CutOptionView, CutView, PlanView } from '$wire';
import { inventCut } from '$lib/platform/fake/cut';
import { inventPlan } from '$lib/platform/fake/steps';
import WaysToCut from '../src/features/plan/WaysToCut.svelte';
import StepCard from '../src/features/plan/StepCard.svelte';
import { letterOf, namesOf, pointsOf, ranksOf, saidOf, steered, weighedOf } from '../src/features/plan/cut';

const plan = inventPlan(1, 'i-1', 'proposed', 2);
const only = (cut: Partial<CutView>): PlanView => ({ ...plan, cut: { ...plan.cut, ...cut } });
const way = (removes: number, breaks: number): CutOptionView => ({
  steps: [plan.steps[0]?.id ?? ''],
  removes,
  cuts_off: 0,
  breaks: Array.from({ length: breaks }, (_, index) => ({ id: `a${index}`, name: `a${index}` })),
  cost: 1,
  recommended: null,
});

function panel(shown: PlanView, chosen: number | null = null): (number | null)[] {
  const asked: (number | null)[] = [];
  render(WaysToCut, { plan: shown, chosen, onchoose: (index: number | null) => asked.push(index) });
  return asked;
}

describe('points', () => {
  test('go up with the paths removed and right with what breaks', () => {
    const [most, less] = pointsOf(only({ paths: 10, options: [way(10, 4), way(5, 1)] }).cut);
    expect([most?.x, most?.y, less?.x, less?.y]).toEqual([1, 1, 0.25, 0.5]);
  });
  test('those with one place stand beside each other', () => {
    const points = pointsOf(only({ options: [way(3, 1), way(3, 1), way(2, 1)] }).cut);
    expect(points.map((point) => point.beside)).toEqual([0, 1, 0]);
  });
  test('nothing that breaks and no path is no division by nothing', () => {
    const [point] = pointsOf(only({ paths: 0, options: [way(0, 0)] }).cut);
    expect([point?.x, point?.y]).toEqual([0, 0]);
  });
  test('letters go on after Z', () => expect([0, 25, 26, 27].map(letterOf)).toEqual(['A', 'Z', 'AA', 'AB']));
  test('are told whole', () => {
    const [point] = pointsOf(plan.cut);
    expect(point && saidOf(plan, point)).toMatch(/^A: steps \d \+ \d removes \d+ of 15 paths, cuts off 2 of 2 crown jewels, breaks \d/);
    expect(ranksOf(plan, [plan.steps[2]?.id ?? '', plan.steps[0]?.id ?? ''])).toBe('1 + 3');
  });
  test('a bounded count says at least', () => {
    const bounded = only({ paths_are_all: false });
    const [point] = pointsOf(bounded.cut);
    expect(point && saidOf(bounded, point)).toContain('removes at least');
  });
  test('names of strangers are made visible', () => expect(namesOf([{ id: 'x', name: 'a\u202eb' }, ...way(0, 4).breaks])).toBe('a⟨U+202E⟩b, a0, a1 and 2 more'));
  test('arrows go round', () => expect([steered('ArrowRight', 2, 3), steered('ArrowUp', 0, 3), steered('End', 0, 3), steered('j', 0, 3), steered('Home', 0, 0)]).toEqual([0, 2, 2, null, null]));
});

describe('the panel', () => {
  test('is one line until it is opened, and then a chart and the same as a list', async () => {
    panel(plan);
    expect(screen.queryByTestId('cut-chart')).toBeNull();
    await fireEvent.click(screen.getByTestId('cut-open'));
    expect(screen.getAllByTestId('cut-point')).toHaveLength(plan.cut.options.length);
    expect(screen.getAllByTestId('cut-option')).toHaveLength(plan.cut.options.length);
    const best = screen.getAllByTestId('cut-option').filter((option) => option.textContent?.includes('recommended'));
    expect(best).toHaveLength(1);
  });
  test('a point is chosen by click and by arrow, and only one is in the tab order', async () => {
    const asked = panel(plan, 0);
    await fireEvent.click(screen.getByTestId('cut-open'));
    const points = screen.getAllByTestId('cut-point');
    expect(points.filter((point) => point.tabIndex === 0)).toHaveLength(1);
    expect(points[0]?.getAttribute('aria-checked')).toBe('true');
    await fireEvent.keyDown(points[0] ?? document.body, { key: 'ArrowRight' });
    await fireEvent.click(points[2] ?? document.body);
    expect(asked).toEqual([1, 2]);
  });
  test('choosing what is chosen lets it go', async () => {
    const asked = panel(plan, 1);
    await fireEvent.click(screen.getByTestId('cut-open'));
    await fireEvent.click(screen.getAllByTestId('cut-option')[1] ?? document.body);
    expect(asked).toEqual([null]);
  });
  test('without an answer it says why, and offers nothing to choose', () => {
    for (const state of ['no_steps', 'unknown', 'no_crown_jewels', 'no_paths', 'too_much', 'late'] as const) {
      const { container, unmount } = render(WaysToCut, { plan: { ...plan, cut: inventCut(plan.steps, state) }, chosen: null, onchoose: () => undefined });
      expect(container.querySelector(`[data-state="${state}"]`)).not.toBeNull();
      expect(within(container).getByTestId('cut-said').textContent).toMatch(/order stands: \w/);
      expect(within(container).queryByTestId('cut-open')).toBeNull();
      unmount();
    }
  });
  test('what bounds the answer is said', async () => {
    panel(only({ bounds: ['Counting stopped at 20000 paths.'], paths_are_all: false }));
    expect(screen.getByTestId('cut-open').textContent).toContain('at least 15 paths');
    await fireEvent.click(screen.getByTestId('cut-open'));
    expect(screen.getByTestId('cut-bound').textContent).toBe('Counting stopped at 20000 paths.');
  });
});

describe('a step', () => {
  const [step] = plan.steps;
  const card = (marked: boolean): void => {
    if (!step) throw new Error('the plan has no step');
    render(StepCard, { step: { ...step, model_rank: 2 }, weighed: weighedOf(plan, step.id), marked, opened: false, pointed: false, primary: false, onopen: () => undefined, onact: () => undefined });
  };
  test('says what it removes, and whom it hits when asked', async () => {
    card(false);
    expect(screen.getByTestId('step-cut').textContent).toContain('removes 9 of 15 paths, breaks 1');
    expect(screen.getByTestId('step-cut').textContent).not.toContain('cart-api');
    await fireEvent.click(screen.getByTestId('step-breaks'));
    expect(screen.getByTestId('step-cut').textContent).toContain('cart-api');
    expect(screen.getByTestId('step-model-rank').textContent).toContain('2');
    expect(screen.queryByTestId('step-marked')).toBeNull();
  });
  test('is marked in words when it is part of the way that is chosen', () => {
    card(true);
    expect(screen.getByTestId('step-marked').textContent).toContain('in this cut');
  });
});

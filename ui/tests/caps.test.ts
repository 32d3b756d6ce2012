import { render, screen } from '@testing-library/svelte';
import { describe, expect, test } from 'vitest';
import type { StepView } from '$wire';
import { caps, inventPlan } from '$lib/platform/fake/steps';
import StepCard from '../src/features/plan/StepCard.svelte';
import StepFacts from '../src/features/plan/StepFacts.svelte';

function step(change: Partial<StepView>): StepView {
  const [first] = inventPlan(1, 'i-1', 'proposed', 2).steps;
  if (first === undefined) throw new Error('an invented plan has steps');
  return { ...first, ...change };
}

function card(shown: StepView): void {
  render(StepCard, { step: shown, weighed: null, marked: false, opened: false, pointed: false, primary: false, onopen: () => {}, onact: () => {} });
}

describe('caps of a step', () => {
  test('the card says only that one is full', () => {
    card(step({ caps: caps(true) }));
    expect(screen.getByTestId('step-cap').textContent).toContain('full: 5 of 5 resources this hour in 210987654321');
  });
  test('and nothing where there is room', () => {
    card(step({ caps: caps(false) }));
    expect(screen.queryByTestId('step-cap')).toBeNull();
  });
  test('the details tell all, without what would change those that have room', () => {
    render(StepFacts, { step: step({ caps: caps(false) }) });
    expect(screen.getByTestId('caps').querySelectorAll('li')).toHaveLength(4);
    expect(screen.getByTestId('caps').textContent).not.toContain('would change it');
  });
  test('a step that ran has none', () => {
    render(StepFacts, { step: step({ caps: [] }) });
    expect(screen.queryByTestId('caps')).toBeNull();
  });
  test('what an account is called is text', () => {
    const [one] = caps(true);
    if (one === undefined) throw new Error('there are caps');
    render(StepFacts, { step: step({ caps: [{ ...one, text: '3 of 3 in <img src=x onerror=alert(1)>' }] }) });
    expect(screen.getByTestId('caps').querySelector('img')).toBeNull();
    expect(screen.getByTestId('caps').textContent).toContain('<img src=x');
  });
});

import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, test, vi } from 'vitest';
import type { ApprovalDocument } from '$wire';
import Approval from '../src/approval/Approval.svelte';
import { connectApprovalHost } from '$lib/platform/fake/connect-approval';
import { caps } from '$lib/platform/fake/steps';
import type { ApprovalHost } from '$lib/platform/host';

async function open(change: Partial<Extract<ApprovalDocument, { kind: 'step' }>> = {}): Promise<ApprovalHost> {
  const fake = connectApprovalHost();
  const paper = await fake.getApprovalDocument();
  const host: ApprovalHost = {
    getApprovalDocument: async () => (paper.kind === 'step' ? { ...paper, ...change } : paper),
    signApproval: vi.fn(async () => {}),
    declineApproval: vi.fn(async () => {}),
  };
  render(Approval, { host });
  await screen.findByTestId('approval-title');
  return host;
}

describe('approval window', () => {
  test('shows every call in order, and all of the digest', async () => {
    await open();
    const calls = screen.getAllByTestId('approval-call').map((row) => row.dataset['operation']);
    expect(calls).toHaveLength(10);
    expect(calls[0]).toBe('ec2:CreateSnapshots');
    const digest = screen.getByTestId('approval-digest');
    expect(digest.textContent?.replaceAll(' ', '')).toBe(digest.dataset['digest']);
    expect(digest.dataset['digest']).toHaveLength(64);
  });

  test('what stands in the way takes the button away and says how to go on', async () => {
    await open({ blocked_because: 'The keychain is locked. Unlock it.' });
    expect(screen.getByTestId('approval-blocked').textContent).toContain('Unlock it');
    expect(screen.queryByTestId('approval-sign')).toBeNull();
  });

  test('a full cap stands first, with when there is room again and what would change it', async () => {
    await open({ caps: caps(true) });
    const lines = [...screen.getByTestId('caps').querySelectorAll('li')];
    expect(lines.map((line) => line.dataset['full'])).toEqual(['true', 'false', 'false', 'false']);
    expect(lines[0]?.textContent).toMatch(/Full\.\s+5 of 5 resources this hour in 210987654321/);
    expect(lines[0]?.textContent).toMatch(/room again at .*; a larger .*limits\.toml would change it/);
  });

  test('an undo, which no cap holds up, shows none', async () => {
    await open({ direction: 'undo', caps: [] });
    expect(screen.queryByTestId('caps')).toBeNull();
  });

  test('an expired document can’t be signed', async () => {
    await open({ expires_at: new Date(Date.now() - 1000).toISOString() });
    expect(screen.queryByTestId('approval-sign')).toBeNull();
    expect(screen.getByTestId('approval-blocked').textContent).toContain('expired');
  });

  test('escape puts it down and rejects nothing', async () => {
    const host = await open();
    await fireEvent.keyDown(window, { key: 'Escape' });
    expect(host.declineApproval).toHaveBeenCalledWith(null);
  });

  test('rejecting needs a reason; escape leaves only the question', async () => {
    const host = await open();
    await fireEvent.click(screen.getByTestId('approval-reject'));
    await fireEvent.keyDown(window, { key: 'Escape' });
    expect(host.declineApproval).not.toHaveBeenCalled();
    await fireEvent.click(screen.getByTestId('approval-reject'));
    expect(screen.getByTestId('approval-reject-confirm')).toHaveProperty('disabled', true);
    await fireEvent.input(screen.getByTestId('approval-reason'), { target: { value: ' wrong host ' } });
    await fireEvent.click(screen.getByTestId('approval-reject-confirm'));
    expect(host.declineApproval).toHaveBeenCalledWith('wrong host');
  });
});

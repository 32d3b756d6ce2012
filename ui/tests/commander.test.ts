import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import App from '../src/App.svelte';
import { FakeHost } from '$lib/platform/fake/host';
import type { CommandAccount, CommandNode, CommandRole } from '$wire';
import { inventCommand } from '$lib/platform/fake/commander';
import { inventQueue } from '$lib/platform/fake/incidents';
import { areaOf, layoutCommand, RADIUS } from '../src/features/commander/layout';
import { LOOK, ROLES } from '../src/features/commander/looks';

function node(id: string, role: CommandRole, hops: number, count = 1, vpc: string | null = null): CommandNode {
  return { id, name: id, kind: 'instance', region: null, vpc, role, hops, count, incidents: [] };
}

function account(name: string, nodes: CommandNode[]): CommandAccount {
  return { account: name, name, severity: 'high', incidents: 1, nodes };
}

describe('the picture of what burns', () => {
  it('keeps everything inside its box and apart from everything else', () => {
    const { accounts, edges } = inventCommand(inventQueue(300), null);
    for (const [width, height] of [[1000, 620], [560, 360], [1900, 1000]] as const) {
      const { boxes } = layoutCommand(accounts, edges, width, height);
      const placed = boxes.flatMap((box) => box.placed.map((one) => ({ ...one, box })));
      for (const { x, y, box } of placed) {
        expect(x - RADIUS).toBeGreaterThanOrEqual(box.x);
        expect(x + RADIUS).toBeLessThanOrEqual(box.x + box.width);
        expect(y - RADIUS).toBeGreaterThanOrEqual(box.y);
        expect(y + RADIUS + 14).toBeLessThanOrEqual(box.y + box.height);
        expect(box.x + box.width).toBeLessThanOrEqual(width + 0.5);
        expect(box.y + box.height).toBeLessThanOrEqual(height + 0.5);
      }
      for (const [at, one] of placed.entries())
        for (const other of placed.slice(at + 1)) expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(2 * RADIUS);
    }
  });

  it('says how much it does not draw, and draws at most 300 things', () => {
    const many = Array.from({ length: 40 }, (_, at) => account(`a${at}`, Array.from({ length: 90 }, (_, n) => node(`a${at}-${n}`, n === 0 ? 'compromised' : 'reachable', n % 5, 2))));
    const { boxes, rest } = layoutCommand(many, [], 1000, 620);
    expect(boxes.length + rest.length).toBe(40);
    expect(boxes.reduce((sum, box) => sum + box.placed.length, 0)).toBeLessThan(300);
    for (const box of boxes) expect(box.more + box.placed.reduce((sum, one) => sum + one.node.count, 0)).toBe(180);
    // What burns is not what is left out.
    for (const box of boxes) expect(box.placed[0]?.node.role).toBe('compromised');
  });

  it('draws networks inside their account, and nothing of another in them', () => {
    const one = account('a', [node('web', 'compromised', 0, 1, 'vpc-1'), node('db', 'reachable', 1, 1, 'vpc-2'), node('cart', 'reachable', 1, 1, 'vpc-1'), node('role', 'on_path', 1)]);
    const box = layoutCommand([one], [], 900, 600).boxes[0];
    expect(box?.vpcs.map((vpc) => vpc.id)).toEqual(['vpc-1', 'vpc-2']);
    for (const vpc of box?.vpcs ?? []) {
      expect(vpc.x).toBeGreaterThan(box?.x ?? 0);
      expect(vpc.y + vpc.height).toBeLessThanOrEqual((box?.y ?? 0) + (box?.height ?? 0));
      for (const { node: known, y } of box?.placed ?? []) expect(y - RADIUS > vpc.y && y + RADIUS + 14 < vpc.y + vpc.height).toBe(known.vpc === vpc.id);
    }
    // One row is nobody's network: without room, or where none is known, there is the account alone.
    expect(layoutCommand([one], [], 900, 160).boxes[0]?.vpcs).toEqual([]);
    expect(layoutCommand([account('b', [node('x', 'compromised', 0)])], [], 900, 600).boxes[0]?.vpcs).toEqual([]);
  });

  it('draws ways only between what is drawn, those to a crown jewel on top', () => {
    const one = account('a', [node('web', 'compromised', 0), node('role', 'on_path', 1), node('db', 'reachable', 1)]);
    const two = account('b', [node('exports', 'crown_jewel', 2)]);
    const edge = (from: string, to: string, to_jewel: boolean) => ({ from, to, to_jewel });
    const edges = [edge('role', 'exports', true), edge('web', 'role', true), edge('web', 'db', false), edge('web', 'gone', false)];
    const { ways } = layoutCommand([one, two], edges, 900, 500);
    expect(ways.map((way) => `${way.from.node.id} ${way.to.node.id} ${way.toJewel}`)).toEqual(['web db false', 'role exports true', 'web role true']);
    for (const way of ways) expect(way.path).not.toContain('NaN');
  });

  it('survives a window without room', () => {
    for (const [width, height] of [[0, 0], [40, 20]] as const) {
      const { boxes } = layoutCommand([account('a', [node('web', 'compromised', 0)])], [], width, height);
      expect(boxes).toHaveLength(1);
      expect(Number.isFinite(boxes[0]?.placed[0]?.x)).toBe(true);
    }
    expect(layoutCommand([], [], 800, 600).boxes).toEqual([]);
  });

  it('gives what matters a mark besides its colour', () => {
    const marks = ROLES.map((role) => LOOK[role].mark).filter((mark) => mark !== '');
    expect(new Set(marks).size).toBe(marks.length);
    expect(LOOK.compromised.mark && LOOK.contained.mark && LOOK.crown_jewel.mark).toBeTruthy();
  });
});

describe('reach over time', () => {
  it('holds a step until the next one', () => {
    const points = [{ at: '2026-11-23T00:00:00Z', assets: 10 }, { at: '2026-11-23T12:00:00Z', assets: 0 }];
    const { line } = areaOf(points, Date.parse('2026-11-23T00:00:00Z'), Date.parse('2026-11-24T00:00:00Z'), 100, 46);
    expect(line).toBe('M0.0 4.0 H50.0 V44.0 H100');
    expect(areaOf([], 0, 1, 100, 40)).toEqual({ line: '', area: '' });
  });
});

describe('one page of it', () => {
  it('is saved by p, and where it is is said; while one is written no second is asked for', async () => {
    location.hash = '#/commander';
    const host = new FakeHost('full', 1, 40);
    const path = '/home/mo/Downloads/firebreak-what-burns-20261123T191200Z.pdf';
    let written: (file: { path: string; bytes: number; sha256: string }) => void = () => {};
    const exported = vi.spyOn(host, 'exportOverview').mockImplementation(() => new Promise((resolve) => (written = resolve)));
    render(App, { host });
    await screen.findByTestId('commander-page');
    await fireEvent.keyDown(window, { key: 'p' });
    await fireEvent.keyDown(window, { key: 'p' });
    expect(exported).toHaveBeenCalledTimes(1);
    written({ path, bytes: 9, sha256: '' });
    expect(await screen.findByText(`Saved as ${path}`)).toBeTruthy();
  });
});

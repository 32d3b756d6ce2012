import { describe, expect, test, vi } from 'vitest';
import type { Envelope, Event } from '$wire';
import { HostError } from '$lib/platform/host';
import { FakeHost } from '$lib/platform/fake/host';
import { Console } from '$lib/state/console.svelte';

/** A host whose stream a case feeds by hand. */
class Fed extends FakeHost {
  feed: (envelope: Envelope) => void = () => {};
  constructor() {
    super('full', 0, 5);
    this.subscribe = async (onEnvelope) => {
      this.feed = onEnvelope;
    };
  }
}

const phase = (value: number): Event => ({ type: 'phase_changed', phase: value });
const settle = () => vi.waitFor(() => new Promise((resolve) => setTimeout(resolve, 1)));

describe('start', () => {
  test('an event between subscribing and the snapshot is not lost', async () => {
    const host = new Fed();
    const real = host.getSnapshot;
    host.getSnapshot = async () => {
      const snapshot = await real();
      host.feed({ seq: snapshot.seq + 1, event: phase(3) });
      return snapshot;
    };
    const desk = new Console(host);
    await desk.start();
    expect(desk.snapshot?.phase).toBe(3);
    expect(desk.snapshot?.seq).toBe(101);
  });

  test('an event that the snapshot already holds is not applied again', async () => {
    const host = new Fed();
    host.snapshot = { ...host.snapshot, seq: 100, phase: 2 };
    const seen: Event[] = [];
    const desk = new Console(host);
    desk.listen((event) => seen.push(event));
    await desk.start();
    host.feed({ seq: 99, event: phase(1) });
    expect(desk.snapshot?.phase).toBe(2);
    expect(seen).toEqual([]);
  });

  test('a workspace that does not open says why, and can be tried again', async () => {
    const host = new Fed();
    const real = host.getSnapshot;
    host.getSnapshot = async () => {
      throw new HostError({ code: 'storage', message: 'in use', retryable: true });
    };
    const desk = new Console(host);
    await desk.start();
    expect(desk.failure?.message).toBe('in use');
    expect(desk.snapshot).toBeNull();
    host.getSnapshot = real;
    await desk.start();
    expect(desk.failure).toBeNull();
    expect(desk.snapshot?.seq).toBe(100);
  });
});

describe('gap', () => {
  test('takes a new snapshot once, then goes on with what followed', async () => {
    const host = new Fed();
    const desk = new Console(host);
    await desk.start();
    const fetches = vi.spyOn(host, 'getSnapshot');
    const resynced = vi.fn();
    desk.onResync(resynced);
    host.snapshot = { ...host.snapshot, seq: 105, phase: 1 };
    host.feed({ seq: 105, event: phase(1) });
    host.feed({ seq: 106, event: phase(3) });
    await settle();
    expect(fetches).toHaveBeenCalledTimes(1);
    expect(resynced).toHaveBeenCalledTimes(1);
    expect(desk.snapshot).toMatchObject({ seq: 106, phase: 3 });
  });

  test('a snapshot that is older than the stream is taken as it is: no endless asking', async () => {
    const host = new Fed();
    const desk = new Console(host);
    await desk.start();
    const fetches = vi.spyOn(host, 'getSnapshot');
    host.feed({ seq: 140, event: phase(3) });
    await settle();
    expect(fetches).toHaveBeenCalledTimes(1);
    expect(desk.snapshot).toMatchObject({ seq: 140, phase: 3 });
    host.feed({ seq: 150, event: phase(1) });
    await settle();
    expect(fetches).toHaveBeenCalledTimes(2);
  });

  test('a failed resync keeps what is shown and says that it may be behind', async () => {
    const host = new Fed();
    const desk = new Console(host);
    await desk.start();
    host.getSnapshot = async () => {
      throw new Error('gone');
    };
    host.feed({ seq: 120, event: phase(3) });
    await settle();
    expect(desk.snapshot?.phase).toBe(2);
    expect(desk.failure?.message).toBe('gone');
  });
});

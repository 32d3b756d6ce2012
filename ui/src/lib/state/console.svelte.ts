import type { Envelope, Event, Snapshot } from '$wire';
import { hostError, type Host, type HostError } from '../platform/host';
import { reduce } from './reducer';

type Listener = (event: Event) => void;

/**
 * The console's own state: a snapshot, then events in sequence.
 *
 * A gap in the sequence throws nothing away: events are kept while a new snapshot is fetched, those
 * that it already holds are dropped, the rest follow. Pages listen for the events they care about and
 * for `resync`, after which they ask again for what they show.
 */
export class Console {
  snapshot = $state.raw<Snapshot | null>(null);
  failure = $state.raw<HostError | null>(null);
  resyncing = $state(false);

  readonly host: Host;
  #waiting: Envelope[] = [];
  #fetching: Promise<void> | null = null;
  /** A gap was answered with a new snapshot. One that is older than the stream is then taken as it is, not asked for for ever. */
  #gapAsked = false;
  #listeners = new Set<Listener>();
  #resyncListeners = new Set<() => void>();

  constructor(host: Host) {
    this.host = host;
  }

  /** Subscribes before the first snapshot, so that nothing can fall between the two. */
  async start(): Promise<void> {
    this.failure = null;
    try {
      await this.host.subscribe((envelope) => this.#receive(envelope));
    } catch (thrown) {
      this.failure = hostError(thrown);
      return;
    }
    await this.resync();
  }

  /** Takes a new snapshot; a second call while one is on its way joins it. */
  resync(): Promise<void> {
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
      // What arrived while the snapshot was on its way may show another gap.
      if (this.failure === null) this.#drain();
      else this.#gapAsked = false;
    });
    return this.#fetching;
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onResync(listener: () => void): () => void {
    this.#resyncListeners.add(listener);
    return () => this.#resyncListeners.delete(listener);
  }

  async #fetch(): Promise<void> {
    const again = this.snapshot !== null;
    this.resyncing = again;
    try {
      this.snapshot = await this.host.getSnapshot();
      this.failure = null;
      if (again) for (const listener of this.#resyncListeners) listener();
    } catch (thrown) {
      this.failure = hostError(thrown);
    } finally {
      this.resyncing = false;
    }
  }

  #receive(envelope: Envelope): void {
    this.#waiting.push(envelope);
    if (this.#fetching === null && this.snapshot !== null) this.#drain();
  }

  #drain(): void {
    while (this.snapshot !== null) {
      const envelope = this.#waiting[0];
      if (envelope === undefined) return;
      let outcome = reduce(this.snapshot, envelope);
      if (outcome.kind === 'gap') {
        if (!this.#gapAsked) {
          this.#gapAsked = true;
          void this.resync();
          return;
        }
        outcome = reduce({ ...this.snapshot, seq: envelope.seq - 1 }, envelope);
      }
      this.#gapAsked = false;
      this.#waiting.shift();
      if (outcome.kind === 'applied') {
        this.snapshot = outcome.state;
        for (const listener of this.#listeners) listener(envelope.event);
      }
    }
  }
}

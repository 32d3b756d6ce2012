import type { MappingPreview } from '$wire';
import { hostError, type Host } from '$lib/platform/host';

/** Typing has paused this long before a preview is asked for. */
const PAUSE = 220;

/** What a mapping makes of a message, kept up while both are typed. Only the newest answer counts. */
export class Preview {
  result = $state.raw<MappingPreview | null>(null);
  failure = $state<string | null>(null);
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Asks once typing has paused; an empty mapping has no preview. */
  ask(host: Host, mapping: string, message: string): void {
    clearTimeout(this.#timer);
    const number = ++this.#asked;
    if (mapping.trim() === '') {
      this.result = null;
      this.failure = null;
      return;
    }
    this.#timer = setTimeout(() => void this.#run(host, mapping, message, number), PAUSE);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
  }

  async #run(host: Host, mapping: string, message: string, number: number): Promise<void> {
    try {
      const result = await host.previewMapping(mapping, message);
      if (number !== this.#asked) return;
      this.result = result;
      this.failure = null;
    } catch (thrown) {
      if (number === this.#asked) this.failure = hostError(thrown).message;
    }
  }
}

import { hostError } from '../platform/host';

export interface Toast {
  id: number;
  tone: 'good' | 'bad' | 'refused';
  text: string;
}

/** Short answers to what a person just did. What matters for longer stands on the page itself. */
class Toasts {
  list = $state.raw<Toast[]>([]);
  #next = 1;

  say(text: string): void {
    this.#show('good', text, 4000);
  }

  /** Says why something did not happen. A refusal is not a failure and looks calmer. */
  fail(thrown: unknown): void {
    const error = hostError(thrown);
    const calm = error.code === 'refused' || error.code === 'drifted';
    this.#show(calm ? 'refused' : 'bad', error.message, 9000);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #show(tone: Toast['tone'], text: string, milliseconds: number): void {
    const id = this.#next++;
    this.list = [...this.list.slice(-2), { id, tone, text }];
    setTimeout(() => this.dismiss(id), milliseconds);
  }
}

export const toasts = new Toasts();

/** Runs a command for its effect; whatever goes wrong is said once, here. */
export async function attempt<T>(work: () => Promise<T>, done?: string): Promise<T | undefined> {
  try {
    const result = await work();
    if (done !== undefined) toasts.say(done);
    return result;
  } catch (thrown) {
    toasts.fail(thrown);
    return undefined;
  }
}

import type { CloudAccountDraft, CloudAccountView, ConnectionTest, ModelDraft, ModelView } from '$wire';
import type { FakeHost } from './host';
import { CLOUD, MODEL, NO_MODEL } from './workspace';

/** Invented cloud accounts and model. */
export class ConnectionDesk {
  readonly #host: FakeHost;

  constructor(host: FakeHost) {
    this.#host = host;
  }

  async addCloud(draft: CloudAccountDraft): Promise<CloudAccountView> {
    const cloud = { ...CLOUD, name: draft.name, account_id: draft.account_id, regions: draft.regions, can_write: draft.write_key_id !== undefined };
    this.#setClouds([...this.#host.snapshot.clouds, cloud]);
    return cloud;
  }

  async removeCloud(name: string): Promise<void> {
    this.#setClouds(this.#host.snapshot.clouds.filter((cloud) => cloud.name !== name));
  }

  async setModel(draft: ModelDraft): Promise<ModelView> {
    return this.#setModel({ ...MODEL, base_url: draft.base_url, model: draft.model, has_key: draft.api_key !== undefined });
  }

  async removeModel(): Promise<ModelView> {
    return this.#setModel(NO_MODEL);
  }

  async test(names: readonly string[]): Promise<ConnectionTest> {
    await new Promise((resolve) => setTimeout(resolve, this.#host.pace));
    const bad = this.#host.scenario === 'degraded';
    const checks = names.map((name, at) => ({
      name,
      ok: !bad || at === 0,
      text: bad && at > 0 ? 'Refused (403): the scope is missing.' : 'works, 84 ms',
      remedy: bad && at > 0 ? `Give the service account the read scope for ${name.toLowerCase()}.` : null,
    }));
    return { ok: !bad, checks };
  }

  #setClouds(clouds: CloudAccountView[]): void {
    this.#host.snapshot.clouds = clouds;
    this.#host.emit({ type: 'clouds_changed', clouds });
  }

  #setModel(model: ModelView): ModelView {
    this.#host.snapshot.model = model;
    this.#host.emit({ type: 'model_changed', model });
    return model;
  }
}

import type { SourceDraft, VendorForm } from '$wire';

/** What was typed for each vendor, kept while the sources are shown. A secret is never part of it. */
export class SourceDrafts {
  vendor = $state<string | null>(null);
  #names = $state<Record<string, string>>({});
  #values = $state<Record<string, Record<string, string>>>({});

  /** The chosen vendor's values by field; an empty one begins the first time it is chosen. */
  choose(form: VendorForm, taken: readonly string[]): void {
    this.vendor = form.vendor;
    this.#values[form.vendor] ??= Object.fromEntries(form.fields.map((field) => [field.name, '']));
    this.#names[form.vendor] ??= freeName(form.vendor, taken);
  }

  valuesOf(vendor: string): Record<string, string> {
    return this.#values[vendor] ?? {};
  }

  setValue(vendor: string, field: string, text: string): void {
    const values = this.#values[vendor];
    if (values) values[field] = text;
  }

  nameOf(vendor: string): string {
    return this.#names[vendor] ?? '';
  }

  setName(vendor: string, name: string): void {
    this.#names[vendor] = name;
  }

  forget(vendor: string): void {
    delete this.#values[vendor];
    delete this.#names[vendor];
    this.vendor = null;
  }

  /** What is sent: only fields that hold something, so that the vendor's own defaults stand. */
  draft(vendor: string, secret: string): SourceDraft {
    const values: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.valuesOf(vendor))) {
      if (value.trim() !== '') values[name] = value.trim();
    }
    return { name: this.nameOf(vendor).trim(), vendor, values, secret };
  }
}

function freeName(vendor: string, taken: readonly string[]): string {
  let name = vendor;
  for (let number = 2; taken.includes(name); number += 1) name = `${vendor}-${number}`;
  return name;
}

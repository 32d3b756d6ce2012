import type { SourceDraft, VendorField, VendorForm } from '$wire';

/** What was typed for each vendor, kept while the sources are shown. A secret is never part of it. */
export class SourceDrafts {
  vendor = $state<string | null>(null);
  #names = $state<Record<string, string>>({});
  #values = $state<Record<string, Record<string, string>>>({});
  #samples = $state<Record<string, string>>({});

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

  /** The message that a mapping is tried on. It is never sent with the source. */
  sampleOf(vendor: string): string {
    return this.#samples[vendor] ?? '';
  }

  setSample(vendor: string, text: string): void {
    this.#samples[vendor] = text;
  }

  forget(vendor: string): void {
    delete this.#values[vendor];
    delete this.#names[vendor];
    delete this.#samples[vendor];
    this.vendor = null;
  }

  /** What is sent: only fields that are asked for and hold something, so that defaults stand. */
  draft(form: VendorForm, secret: string): SourceDraft {
    const typed = this.valuesOf(form.vendor);
    const values: Record<string, string> = {};
    for (const field of form.fields) {
      const value = (typed[field.name] ?? '').trim();
      if (value !== '' && applies(field, typed)) values[field.name] = value;
    }
    return { name: this.nameOf(form.vendor).trim(), vendor: form.vendor, values, secret };
  }
}

/** Whether a field is asked for, given what was entered in the one it depends on. */
export function applies(field: VendorField, values: Readonly<Record<string, string>>): boolean {
  return field.when === null || (values[field.when.field] ?? '').trim() === field.when.value;
}

function freeName(vendor: string, taken: readonly string[]): string {
  let name = vendor;
  for (let number = 2; taken.includes(name); number += 1) name = `${vendor}-${number}`;
  return name;
}

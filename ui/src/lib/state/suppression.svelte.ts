import type { FindingView, Severity, SuppressionDraft, SuppressionPreview, SuppressionScope } from '$wire';
import { hostError, type Host, type HostError } from '../platform/host';
import { SEVERITY } from '../words/labels';

/** As the engine has it. */
export const USUAL_DAYS = 30;
export const MOST_DAYS = 365;
const DAY = 86_400_000;
/** Choices change faster than anyone reads: ask only where they rest. */
const REST = 150;

/** What of a finding a rule may be for. */
export type Part = 'rule' | 'asset' | 'account' | 'tag';

/** The finding that an incident is named after: the worst, of these the earliest. */
export function leadOf(findings: readonly FindingView[]): FindingView | null {
  const began = (finding: FindingView): number => (finding.created_at === null ? Infinity : Date.parse(finding.created_at));
  const order = (a: FindingView, b: FindingView): number => SEVERITY[a.severity].rank - SEVERITY[b.severity].rank || began(a) - began(b);
  return findings.toSorted(order)[0] ?? null;
}

/** A rule as a person puts it together, with what it would have hidden. */
export class SuppressionForm {
  readonly finding: FindingView;
  parts = $state.raw<ReadonlySet<Part>>(new Set());
  /** The key of the tag that is meant. */
  tag = $state('');
  anyValue = $state(false);
  /** What the person chose; null follows the preview. */
  chosen = $state<Severity | null>(null);
  days = $state(USUAL_DAYS);
  reason = $state('');
  close = $state(false);
  preview = $state.raw<SuppressionPreview | null>(null);
  failure = $state.raw<HostError | null>(null);
  asking = $state(false);

  readonly #host: Host;
  #ticket = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Host, finding: FindingView) {
    this.#host = host;
    this.finding = finding;
    this.tag = Object.keys(finding.tags)[0] ?? '';
    // The narrowest that will come again: this rule, on this asset.
    this.parts = new Set((['rule', 'asset'] as const).filter((part) => this.offers(part)));
    if (this.parts.size === 0 && this.offers('account')) this.parts = new Set(['account']);
  }

  offers(part: Part): boolean {
    if (part === 'tag') return Object.keys(this.finding.tags).length > 0;
    return this.finding[part] !== null && this.finding[part] !== '';
  }

  flip(part: Part): void {
    const parts = new Set(this.parts);
    if (!parts.delete(part)) parts.add(part);
    this.parts = parts;
  }

  get scope(): SuppressionScope {
    const has = (part: Part): boolean => this.parts.has(part) && this.offers(part);
    const { source, rule, asset, account, tags } = this.finding;
    return {
      source: has('rule') ? source : null,
      rule: has('rule') ? rule : null,
      asset: has('asset') ? asset : null,
      account: has('account') ? account : null,
      tag: has('tag') ? this.tag : null,
      tag_value: has('tag') && !this.anyValue ? (tags[this.tag] ?? null) : null,
    };
  }

  /** The worst that is hidden: as chosen, else the worst of what came lately, else as bad as this finding. */
  get upTo(): Severity {
    return this.chosen ?? this.preview?.up_to ?? this.finding.severity;
  }

  get problem(): string | null {
    if (this.parts.size === 0) return 'Choose what to suppress: the rule, the asset, the account or a tag.';
    if (!Number.isInteger(this.days) || this.days < 1 || this.days > MOST_DAYS) return `A rule holds 1 to ${MOST_DAYS} days.`;
    return null;
  }

  /** What may be saved: nobody saves what they have not seen the effect of. */
  get ready(): boolean {
    return this.problem === null && this.reason.trim() !== '' && this.preview !== null && !this.asking && this.failure === null;
  }

  draft(now: number): SuppressionDraft {
    return {
      scope: this.scope,
      up_to: this.upTo,
      reason: this.reason.trim(),
      expires_at: new Date(now + this.days * DAY).toISOString(),
      close: this.close ? (this.preview?.open ?? []).map((one) => one.id) : [],
    };
  }

  /** Asks what it would have hidden, once the choices rest. The answer to an older question is dropped. */
  ask(rest = REST): void {
    clearTimeout(this.#timer);
    const ticket = ++this.#ticket;
    if (this.parts.size === 0) {
      this.preview = null;
      this.failure = null;
      this.asking = false;
      return;
    }
    this.asking = true;
    this.#timer = setTimeout(() => void this.#fetch(ticket), rest);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#ticket += 1;
  }

  async #fetch(ticket: number): Promise<void> {
    try {
      const preview = await this.#host.previewSuppression(this.scope, this.chosen);
      if (ticket !== this.#ticket) return;
      this.preview = preview;
      this.failure = null;
    } catch (thrown) {
      if (ticket === this.#ticket) this.failure = hostError(thrown);
    } finally {
      if (ticket === this.#ticket) this.asking = false;
    }
  }
}

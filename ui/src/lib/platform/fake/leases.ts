import type { LeaseBoard, LeaseCountsView, LeaseView } from '$wire';
import { HostError } from '../host';
import type { FakeHost } from './host';

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

const BASE: LeaseView = {
  step: 'stp_h_1',
  incident: { id: 'inc_0000', label: 'INC-2041' },
  incident_title: 'Crypto miner on web-7 talks to a mining pool',
  incident_state: 'contained',
  title: 'Isolate i-0c41f0b9',
  target: 'i-0c41f0b9',
  target_name: 'web-7',
  account: '123456789012',
  region: 'eu-central-1',
  owner: 'mo',
  begun_at: ago(190),
  review_at: ago(-60 * 21),
  is_due: false,
  standing: 'holds',
  since: ago(186),
  proved_at: ago(4),
  is_stale: false,
  read_at: ago(4),
  next_read_at: ago(-6),
  note: null,
  unread: null,
  step_state: 'proven',
  step_note: null,
  proof: {
    outcome: 'proven',
    read_at: ago(186),
    checks: [
      { expectation: 'every attached interface carries only firebreak-q-2041', observed: '3 of 3 interfaces', outcome: 'proven' },
      { expectation: 'group firebreak-q-2041 has no rule, IPv4 or IPv6', observed: '0 ingress and 0 egress rules', outcome: 'proven' },
      { expectation: 'it is Standby in asg-web', observed: 'it is Standby in asg-web', outcome: 'proven' },
    ],
  },
  disruption: ['web-7 serves nothing while it is isolated; asg-web runs a replacement.'],
  undo_summary: 'Puts the three interfaces back into their groups, ends the standby and deletes the quarantine group where nothing uses it.',
  end: null,
};

/** Held changes in every way that they may stand. */
function inventLeases(): LeaseView[] {
  return [
    {
      ...BASE,
      step: 'stp_h_2',
      incident: { id: 'inc_0003', label: 'INC-2038' },
      incident_title: 'Access key of deploy-bot used from a new country',
      incident_state: 'containing',
      title: 'Deactivate key AKIAIOSFODNN7EXAMPLE',
      target: 'AKIAIOSFODNN7EXAMPLE',
      target_name: 'deploy-bot',
      region: 'global',
      owner: 'j.larsen',
      standing: 'broken',
      since: ago(12),
      proved_at: ago(14),
      is_stale: true,
      step_state: 'refuted',
      note: 'AKIAIOSFODNN7EXAMPLE is Inactive: AKIAIOSFODNN7EXAMPLE is Active',
      proof: {
        outcome: 'refuted',
        read_at: ago(12),
        checks: [{ expectation: 'AKIAIOSFODNN7EXAMPLE is Inactive', observed: 'AKIAIOSFODNN7EXAMPLE is Active', outcome: 'refuted' }],
      },
      disruption: ['Everything that signs with this key fails.'],
      undo_summary: 'Sets the key to Active again.',
    },
    {
      ...BASE,
      step: 'stp_h_3',
      incident: { id: 'inc_0007', label: 'INC-2034' },
      incident_title: 'Reverse shell from batch-worker',
      incident_state: 'containing',
      title: 'Stop i-0a11b22c',
      target: 'i-0a11b22c',
      target_name: 'batch-worker',
      standing: 'unproven',
      since: ago(3),
      begun_at: ago(3),
      proved_at: null,
      is_stale: true,
      read_at: ago(1),
      step_state: 'dispatched',
      note: 'the instance is stopped: the instance is stopping',
      proof: null,
      review_at: ago(-60 * 24),
    },
    BASE,
    {
      ...BASE,
      step: 'stp_h_4',
      incident: { id: 'inc_0011', label: 'INC-2030' },
      incident_title: 'Role ci-deploy assumed by an unknown account',
      title: 'Revoke the sessions of arn:aws:iam::123456789012:role/ci-deploy',
      target: 'arn:aws:iam::123456789012:role/ci-deploy',
      target_name: 'ci-deploy',
      region: 'global',
      review_at: ago(65),
      is_due: true,
      proved_at: ago(48),
      is_stale: false,
      unread: 'aws: access denied for iam:GetRolePolicy; give the read credential that permission',
    },
    { ...BASE, step: 'stp_h_5', title: 'Isolate i-0f9e8d7c', target: 'i-0f9e8d7c', target_name: 'old-bastion', owner: null, review_at: ago(-60 * 90) },
  ];
}

const ENDED: LeaseView = {
  ...BASE,
  step: 'stp_h_9',
  title: 'Deactivate key AKIAI44QH8DHBEXAMPLE',
  target: 'AKIAI44QH8DHBEXAMPLE',
  incident_state: 'closed',
  end: { at: ago(60 * 30), kind: 'released', reason: 'mo: the key was rotated and deleted' },
};

/** An invented containment board. */
export class LeaseDesk {
  readonly #host: FakeHost;
  #known: LeaseView[] | null = null;

  constructor(host: FakeHost) {
    this.#host = host;
  }

  /** Made when they are first asked for: the host knows its scenario by then. */
  get #leases(): LeaseView[] {
    this.#known ??= ['empty', 'first-run', 'quiet'].includes(this.#host.scenario) ? [] : inventLeases();
    return this.#known;
  }

  counts(): LeaseCountsView {
    const held = this.#leases.filter((lease) => lease.end === null);
    return { active: held.length, broken: held.filter((lease) => lease.standing === 'broken').length, due: held.filter((lease) => lease.is_due).length };
  }

  async list(all: boolean): Promise<LeaseBoard> {
    if (this.#host.scenario === 'loading') return new Promise(() => {});
    const held = this.#leases.filter((lease) => lease.end === null);
    const ended = this.#leases.filter((lease) => lease.end !== null);
    const leases = all ? [...held, ...ended, ...(this.#leases.length > 0 ? [ENDED] : [])] : held;
    return { at: new Date().toISOString(), counts: this.counts(), leases };
  }

  async change(step: string, change: Partial<LeaseView>): Promise<LeaseView> {
    const known = this.#leases.find((lease) => lease.step === step);
    if (known === undefined) throw new HostError({ code: 'not_found', message: `There is no containment by step ${step}.`, retryable: false });
    const next = { ...known, ...change };
    this.#known = this.#leases.map((lease) => (lease === known ? next : lease));
    this.#host.snapshot = { ...this.#host.snapshot, leases: this.counts() };
    this.#host.emit({ type: 'leases_changed', counts: this.counts() });
    return next;
  }

  /** A read shows it as it is invented: what did not hold still does not. */
  prove(step: string): Promise<LeaseView> {
    const now = new Date().toISOString();
    const holds = this.#leases.find((lease) => lease.step === step)?.standing !== 'broken';
    return this.change(step, holds ? { standing: 'holds', proved_at: now, read_at: now, is_stale: false, note: null, unread: null } : { read_at: now });
  }

  release(step: string, reason: string): Promise<LeaseView> {
    return this.change(step, { end: { at: new Date().toISOString(), kind: 'released', reason: `${this.#host.snapshot.user}: ${reason}` } });
  }
}

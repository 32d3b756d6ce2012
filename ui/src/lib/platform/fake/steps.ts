import type { CallView, CapView, IncidentState, PlanView, ProofView, StepState, StepView, VerdictView } from '$wire';
import { OPEN_STATES } from '../../words/labels';
import { inventCut } from './cut';
import { hex, randomFrom } from './random';

const random = randomFrom(4711);
export const POLICY_VERSION = hex(random, 64);
const soon = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();

function call(operation: string, subject: string, more: Partial<CallView> = {}): CallView {
  return { operation, subject, details: [], before: null, after: null, disruptive: false, ...more };
}

export function isolateCalls(instance: string, group: string): CallView[] {
  const swap = (eni: string, before: string): CallView =>
    call('ec2:ModifyNetworkInterfaceAttribute', eni, { details: ['Groups'], before, after: group, disruptive: true });
  return [
    call('ec2:CreateSnapshots', instance, { details: ['volumes=2', `tag firebreak=${group.slice(10)}`] }),
    call('ec2:ModifyInstanceAttribute', instance, { details: ['DisableApiTermination'], before: 'false', after: 'true', disruptive: true }),
    call('autoscaling:EnterStandby', instance, { details: ['group=asg-web', 'ShouldDecrementDesiredCapacity=false'], disruptive: true }),
    call('ec2:CreateSecurityGroup', group, { details: ['vpc=vpc-09ab41c2'] }),
    call('ec2:RevokeSecurityGroupEgress', group, { details: ['0.0.0.0/0'] }),
    call('ec2:RevokeSecurityGroupEgress', group, { details: ['::/0'] }),
    swap('eni-01c9f2', 'sg-web, sg-mon'),
    swap('eni-02a7d4', 'sg-web'),
    swap('eni-03be19', 'sg-db'),
    call('ec2:CreateTags', instance, { details: ['firebreak:incident', 'firebreak:step'] }),
  ];
}

export function undoCalls(instance: string, group: string): CallView[] {
  const back = (eni: string, after: string): CallView =>
    call('ec2:ModifyNetworkInterfaceAttribute', eni, { details: ['Groups'], before: group, after, disruptive: true });
  return [
    back('eni-01c9f2', 'sg-web, sg-mon'),
    back('eni-02a7d4', 'sg-web'),
    back('eni-03be19', 'sg-db'),
    call('autoscaling:ExitStandby', instance, { details: ['group=asg-web'], disruptive: true }),
    call('ec2:ModifyInstanceAttribute', instance, { details: ['DisableApiTermination'], before: 'true', after: 'false', disruptive: true }),
    call('ec2:DeleteSecurityGroup', group, { details: ['only when nothing uses it'] }),
  ];
}

function verdict(kind: VerdictView['kind'], needed: number, id: string, reason: string): VerdictView {
  return { kind, approvals_needed: needed, rules: [{ id, reason }], policy_version: POLICY_VERSION };
}

const NOTHING = { approve: false, run: false, reject: false, undo: false, run_undo: false, cancel: false, reconcile: false, blocked_because: null };

/** What the engine would allow in a state, told apart enough to look at every button. */
export function optionsFor(step: StepView, phase: number): StepView['can'] {
  if (step.verdict.kind === 'denied') return { ...NOTHING, blocked_because: 'Policy denies this step.' };
  if (phase < 2) {
    return { ...NOTHING, reject: true, blocked_because: 'The workspace is in phase 1: read-only. Nothing can be changed until someone raises the phase in settings.' };
  }
  const short = step.verdict.approvals_needed - step.approvals.length;
  switch (step.state) {
    case 'proposed':
      return { ...NOTHING, approve: short > 0 && !step.approvals.some((approval) => approval.approver === 'mo'), reject: true, blocked_because: step.approvals.some((approval) => approval.approver === 'mo') ? `You have signed. ${short} more signature must come from another person, with another key.` : null };
    case 'approved':
      return { ...NOTHING, run: true, reject: true };
    case 'running':
    case 'undoing':
      return { ...NOTHING, cancel: true };
    case 'unknown':
    case 'dispatched':
      return { ...NOTHING, reconcile: true };
    case 'proven':
    case 'refuted':
      return { ...NOTHING, reconcile: step.state === 'refuted', undo: step.undo_approvals.length === 0, run_undo: step.undo_approvals.length > 0 };
    case 'failed':
    case 'undone':
    case 'refused':
    case 'rejected':
      return { ...NOTHING, approve: step.state !== 'refused' };
  }
}

/** The plan of an incident that is over or put off: nothing of it is approved or run. */
export function heldBack(plan: PlanView | null, state: IncidentState): PlanView | null {
  if (plan === null || OPEN_STATES.includes(state)) return plan;
  const why = `The incident is ${state === 'snoozed' ? 'snoozed: wake' : 'over: reopen'} it to approve or run steps of its plan.`;
  return { ...plan, steps: plan.steps.map((step) => ({ ...step, can: { ...step.can, approve: false, run: false, blocked_because: why } })) };
}

export function provenBy(step: StepView, outcome: ProofView['outcome'] = 'proven'): ProofView {
  return {
    outcome,
    read_at: new Date().toISOString(),
    checks: step.proof_predicate.map((expectation, at) => ({
      expectation,
      observed: outcome === 'proven' ? 'as expected' : at === 0 ? 'eni-03be19 still holds sg-db' : 'as expected',
      outcome: outcome === 'proven' || at > 0 ? 'proven' : outcome,
    })),
  };
}

/** Caps as they are on a busy hour; full where there is no room. */
export function caps(full: boolean): CapView[] {
  const cap = (used: number, limit: number, of: string): CapView => ({ text: `${used} of ${limit} resources ${of}`, used, limit, full: false, frees_at: null, remedy: '' });
  const here = cap(full ? 5 : 3, 5, 'this hour in 210987654321');
  return [
    cap(1, 20, 'by the plans of this incident'),
    cap(full ? 6 : 4, 30, 'this hour in all accounts'),
    full ? { ...here, full, frees_at: soon(11 * 60), remedy: 'a larger [account] hour in limits.toml would change it' } : here,
    cap(2, 12, 'of kind instance this hour in 210987654321 (25 % of 48 that are known)'),
  ];
}

function step(number: number, rank: number, more: Partial<StepView> & Pick<StepView, 'action' | 'title' | 'target'>): StepView {
  return {
    id: `stp_${number}_${rank}`,
    rank,
    target_name: null,
    account: '210987654321',
    region: 'eu-central-1',
    parameters: [],
    why: '',
    model_why: null,
    model_rank: null,
    cites: [],
    disruption: [],
    reversible: true,
    undo_summary: '',
    warnings: [],
    calls: [],
    undo_calls: [],
    proof_predicate: [],
    proof: null,
    verdict: verdict('needs_approval', 1, 'phase2-one-approval', 'Phase 2: every change needs one approval.'),
    caps: caps(false),
    state: 'proposed',
    state_note: null,
    mandatory: false,
    digest: hex(random, 64),
    approvals: [],
    undo_approvals: [],
    read_at: new Date(Date.now() - 40_000).toISOString(),
    can: NOTHING,
    run: [],
    undo_run: [],
    ...more,
  };
}

/** A plan whose first step is in the state asked for. */
export function inventPlan(number: number, instance: string, state: StepState, phase: number): PlanView {
  const group = `firebreak-inc-${2041 - number}`;
  const production = number % 3 === 0;
  const isolate = step(number, 1, {
    action: 'aws.ec2.isolate',
    title: `Isolate ${instance}`,
    target: instance,
    target_name: 'web-7',
    parameters: [{ name: 'standby', value: 'replacement starts' }, { name: 'snapshots', value: '2 volumes' }],
    why: 'Cuts every network path of the instance while memory and disks stay as evidence.',
    model_why: 'The miner still talks to its pool, so the network goes first.',
    cites: ['E3', 'E4'],
    disruption: ['1 of 6 web nodes leaves service; a replacement starts', 'Open connections to web-7 end'],
    undo_summary: '6 calls, built from the state read just now; refuses if anything changed since.',
    warnings: ['Connections that are already open may survive a change of groups.'],
    calls: isolateCalls(instance, group),
    undo_calls: undoCalls(instance, group),
    proof_predicate: [
      `All 3 interfaces hold exactly ${group}`,
      `${group} has no rule, in or out`,
      'The instance is in standby in asg-web',
      'Termination protection is on',
    ],
    verdict: production
      ? verdict('needs_approval', 2, 'production-two-approvals', 'Production: two people must sign.')
      : verdict('needs_approval', 1, 'phase2-one-approval', 'Phase 2: every change needs one approval.'),
    state,
    mandatory: true,
    approvals: number === 0 ? [{ approver: 'j.larsen', key: 'a91f03c477d2b860', at: soon(-140), expires_at: soon(460) }] : [],
  });
  const key = step(number, 2, {
    action: 'aws.iam.deactivate_access_key',
    title: 'Deactivate key AKIA…7Q2F of deploy-bot',
    target: 'AKIAEXAMPLE7Q2FDEPLY',
    target_name: 'deploy-bot',
    region: null,
    why: 'Read from the instance’s disk minutes before the first unusual call.',
    cites: ['E11'],
    disruption: ['Deploys by deploy-bot fail until a new key is made'],
    undo_summary: '1 call: Active again, if it is still Inactive by our hand.',
    calls: [call('iam:UpdateAccessKey', 'AKIAEXAMPLE7Q2FDEPLY', { details: ['UserName=deploy-bot', 'Status'], before: 'Active', after: 'Inactive', disruptive: true })],
    undo_calls: [call('iam:UpdateAccessKey', 'AKIAEXAMPLE7Q2FDEPLY', { details: ['UserName=deploy-bot', 'Status'], before: 'Inactive', after: 'Active', disruptive: true })],
    proof_predicate: ['The key is Inactive', 'The user’s other key is unchanged'],
    state: number === 0 ? 'proven' : 'proposed',
    approvals: number === 0 ? [{ approver: 'mo', key: '77c0d18e3b94aa02', at: soon(-900), expires_at: soon(-300) }] : [],
  });
  const stop = step(number, 3, {
    action: 'aws.ec2.stop',
    title: `Stop ${instance}`,
    target: instance,
    target_name: 'web-7',
    why: 'Ends the miner for certain, at the price of its memory.',
    disruption: ['Memory is lost as evidence', 'The public address changes'],
    undo_summary: '1 call: start it. The public address will be another.',
    calls: [call('ec2:StopInstances', instance, { before: 'running', after: 'stopped', disruptive: true })],
    undo_calls: [call('ec2:StartInstances', instance, { before: 'stopped', after: 'running', disruptive: true })],
    proof_predicate: ['The instance’s state is stopped'],
    verdict: production
      ? verdict('denied', 0, 'no-stop-in-production', 'Production instances are isolated, not stopped, while an incident is open.')
      : verdict('needs_approval', 1, 'phase2-one-approval', 'Phase 2: every change needs one approval.'),
  });
  if (key.state === 'proven') {
    key.proof = provenBy(key);
    key.run = key.calls.map((made, index) => ({ index, operation: made.operation, subject: made.subject, status: 'dispatched', note: null, at: soon(-850) }));
  }
  const steps = [isolate, key, stop].map((item) => ({ ...item, can: optionsFor(item, phase) }));
  return {
    id: `pln_${number}`,
    proposed_at: soon(-300),
    written_by: 'playbook crypto-mining-ec2 v1 + model sandbox-honest',
    matched_because: 'A running instance, technique T1496, and a process that a source calls a miner.',
    threat: 'crypto-mining',
    steps,
    cut: inventCut(steps),
  };
}

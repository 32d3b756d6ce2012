import type { ApprovalDocument, StepDocument } from '$wire';
import type { ApprovalHost } from '../host';
import { caps, isolateCalls, POLICY_VERSION, undoCalls } from './steps';

const soon = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString();

function stepDocument(): StepDocument {
  const calls = isolateCalls('i-0c41f0b9', 'firebreak-inc-2041');
  return {
    step: 'stp_0_1',
    direction: 'execute',
    title: 'Isolate i-0c41f0b9 in acme-store',
    incident_label: 'INC-2041',
    rank: 1,
    asked_by: 'mo',
    environment: 'production',
    reversible: true,
    calls,
    breaks: ['1 of 6 nodes behind store-alb leaves service; a replacement starts', '41 open connections end'],
    undo: '6 calls built from the state read at 14:02:58; refuses if anything changed since.',
    proof: ['3 of 3 interfaces hold only firebreak-inc-2041', 'The group has no rule', 'Standby holds'],
    warnings: ['Connections that are already open may survive a change of groups.'],
    policy_version: POLICY_VERSION,
    rules: [{ id: 'production-two-approvals', reason: 'Production: two people must sign.' }],
    caps: caps(false),
    approvals_needed: 2,
    preflight: {
      checked_at: soon(-6),
      permitted: 9,
      total: 10,
      lines: calls.map((call) => ({
        operation: call.operation,
        outcome: call.operation.startsWith('ec2:') ? 'permitted' : 'unknown',
        note: call.operation.startsWith('ec2:') ? null : 'has no dry run',
      })),
    },
    signed: [{ approver: 'j.larsen', key: 'a91f03c477d2b860', at: soon(-140), expires_at: soon(460) }],
    signer: 'mo',
    signer_key: '77c0d18e3b94aa02',
    digest: '5f2c91ab0d77e41e66309b1d8a0471c5f02e9d3b64a7b18c2d95e07f31c6ab48',
    expires_at: soon(492),
    blocked_because: null,
  };
}

function documentFor(kind: string | null): ApprovalDocument {
  const step = stepDocument();
  if (kind === 'phase') {
    return {
      kind: 'phase',
      from: 1,
      to: 2,
      consequences: [
        'Clients that can change your cloud accounts are made, and write credentials are read from the keychain when a step runs.',
        'Every change needs a signature over its exact calls; production and irreversible steps need two people.',
        'Nothing runs by itself: a person starts every step.',
        'Lowering the phase again is immediate and needs no signature.',
      ],
    };
  }
  if (kind === 'blocked') {
    const blocked = 'The keychain is locked, so your signing key can’t be read. Unlock it; this page follows by itself.';
    return { kind: 'step', ...step, blocked_because: blocked, preflight: { ...step.preflight, permitted: 7 } };
  }
  if (kind === 'capped') {
    const why = 'a cap is full: 5 of 5 resources this hour in 210987654321; there is room again at 14:14 UTC; a larger [account] hour in limits.toml would change it';
    return { kind: 'step', ...step, caps: caps(true), blocked_because: why };
  }
  if (kind === 'undo') return { kind: 'step', ...step, direction: 'undo', caps: [], environment: 'staging', approvals_needed: 1, signed: [], title: 'Undo: Isolate i-0c41f0b9 in acme-staging', calls: undoCalls('i-0c41f0b9', 'firebreak-inc-2041'), undo: 'Groups of 3 interfaces, standby and termination protection go back to what they were.', proof: ['Every interface holds its old groups', 'The instance is in service'] };
  return { kind: 'step', ...step };
}

/** The fake host of the approval window; `?document=phase|blocked|capped|undo` chooses what it shows. */
export function connectApprovalHost(): ApprovalHost {
  return {
    getApprovalDocument: async () => documentFor(new URLSearchParams(location.search).get('document')),
    signApproval: () => new Promise((resolve) => setTimeout(resolve, 300)),
    declineApproval: async () => {},
  };
}

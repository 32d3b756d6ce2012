import type { AuditRow, AuditVerdict, CloudAccountView, ConnectionTest, ModelView, Snapshot } from '$wire';
import { hex, randomFrom } from './random';
import { inventSources } from './source-states';

const random = randomFrom(2026);
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

/** Situations to look at. `?scenario=…` chooses one. */
export const SCENARIOS = [
  'full',
  'first-run',
  'empty',
  'quiet',
  'loading',
  'offline',
  'storage',
  'keychain',
  'degraded',
  'phase1',
  'model-down',
  'audit-bad',
  'million',
  'sources',
] as const;
export type Scenario = (typeof SCENARIOS)[number];

export function scenarioFrom(search: string): Scenario {
  const name = new URLSearchParams(search).get('scenario');
  return SCENARIOS.find((known) => known === name) ?? 'full';
}

export const CLOUD: CloudAccountView = {
  name: 'acme-staging',
  provider: 'aws',
  account_id: '123456789012',
  regions: ['eu-central-1', 'eu-west-1'],
  endpoint: 'http://127.0.0.1:41002',
  role_arn: 'arn:aws:iam::123456789012:role/firebreak-containment',
  can_read: true,
  can_write: true,
};

export const NO_MODEL: ModelView = { configured: false, base_url: null, model: null, has_key: false, status: 'not set up', ok: false };
export const MODEL: ModelView = {
  configured: true,
  base_url: 'http://127.0.0.1:41003/v1',
  model: 'sandbox-honest',
  has_key: true,
  status: 'answered in 0.9 s',
  ok: true,
};

export function verdictFor(scenario: Scenario, size: number): AuditVerdict {
  const base: AuditVerdict = {
    ok: true,
    size,
    signed_size: size,
    root: hex(randomFrom(5), 64),
    checked_at: ago(11),
    key: 'firebreak.local/acme+3f1c09aa+AZ…',
    anchor: 'agrees',
    first_bad: null,
    text: `All ${size.toLocaleString('en-GB')} records are whole, and the newest checkpoint is signed.`,
    problems: [],
  };
  if (scenario === 'audit-bad') {
    return { ...base, ok: false, first_bad: size - 6, anchor: 'disagrees', text: `Record ${size - 6} was changed after it was written.`, problems: [`Record ${size - 6}: the stored hash is not the hash of its bytes.`, 'The checkpoint kept outside the database has another root.'] };
  }
  if (scenario === 'keychain') {
    return { ...base, anchor: 'unreadable', text: 'The records are whole, but the checkpoint outside the database can’t be read while the keychain is locked, so truncation can’t be ruled out.' };
  }
  return base;
}

export function snapshotFor(scenario: Scenario): Snapshot {
  const keychainLocked = scenario === 'keychain';
  const bare = scenario === 'first-run';
  return {
    seq: 100,
    version: '0.1.0',
    workspace: '/home/mo/.local/share/firebreak',
    sandbox: true,
    user: 'mo',
    phase: scenario === 'phase1' || bare ? 1 : 2,
    counts: { open: 0, unowned: 0, critical: 0, containing: 0, contained: 0, snoozed: 0, all: 0 },
    leases: { active: 0, broken: 0, due: 0 },
    sources: inventSources(scenario),
    clouds: bare ? [] : [CLOUD],
    model: bare ? NO_MODEL : scenario === 'model-down' ? { ...MODEL, ok: false, status: 'down: connection refused' } : MODEL,
    keychain: keychainLocked
      ? { state: 'locked', text: 'The keychain is locked: no source can be polled and nothing can be signed.', remedy: 'Unlock “Login” in your password manager, then try again. Nothing needs a restart.' }
      : { state: 'unlocked', text: 'The keychain is unlocked.', remedy: null },
    audit: verdictFor(scenario, bare ? 3 : 48_211),
    storage_problem: scenario === 'storage' ? 'The disk is full: nothing can be written. Polling has stopped and nothing was lost; free some space and it goes on by itself.' : null,
  };
}

const KINDS: readonly (readonly [string, string, string, string])[] = [
  ['firebreak', 'audit_verified', 'log', 'The log was verified and is whole.'],
  ['j.larsen', 'step_approved', 'stp_0_1', 'j.larsen signed “Isolate i-0c41f0b9” (1 of 2).'],
  ['firebreak', 'step_proven', 'stp_0_2', '“Deactivate key AKIA…7Q2F of deploy-bot” is proven: 2 of 2 checks.'],
  ['mo', 'step_run', 'stp_0_2', 'mo ran “Deactivate key AKIA…7Q2F of deploy-bot”: 1 call accepted.'],
  ['firebreak', 'intent_recorded', 'stp_0_2', 'Intent to call iam:UpdateAccessKey was written before the call.'],
  ['mo', 'step_approved', 'stp_0_2', 'mo signed “Deactivate key AKIA…7Q2F of deploy-bot” (1 of 1).'],
  ['mo', 'incident_changed', 'INC-2041', 'mo took INC-2041.'],
  ['firebreak', 'plan_proposed', 'INC-2041', 'Playbook crypto-mining-ec2 v1 proposed 3 steps for INC-2041.'],
  ['wiz', 'alerts_stored', 'wiz', '14 alerts were stored and the cursor moved to 14:03:18.'],
  ['firebreak', 'incident_opened', 'INC-2041', 'INC-2041 was opened from 4 findings.'],
  ['mo', 'phase_changed', 'workspace', 'mo raised the phase from 1 to 2.'],
];

export function inventAudit(size: number, before: number | null, limit: number): AuditRow[] {
  const from = before ?? size;
  return Array.from({ length: Math.min(limit, from) }, (_, offset) => {
    const index = from - 1 - offset;
    const [actor, kind, subject, text] = KINDS[(size - 1 - index) % KINDS.length] ?? ['firebreak', 'alerts_stored', 'wiz', ''];
    const at = ago((size - index) * 47);
    const body = JSON.stringify({ actor, at, index, kind, subject, text, version: 1 });
    return { index, at, actor, kind, subject, text, body, leaf_hash: hex(random, 64) };
  });
}

/** What a test of a connection answers. */
export function testFor(scenario: Scenario, names: readonly string[]): ConnectionTest {
  const bad = scenario === 'degraded';
  const checks = names.map((name, at) => ({
    name,
    ok: !bad || at === 0,
    text: bad && at > 0 ? 'Refused (403): the scope is missing.' : 'works, 84 ms',
    remedy: bad && at > 0 ? `Give the service account the read scope for ${name.toLowerCase()}.` : null,
  }));
  return { ok: !bad, checks };
}

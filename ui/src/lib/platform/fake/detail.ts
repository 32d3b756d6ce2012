import type { EvidenceView, FindingView, IncidentView, PlanView, QueueRow, SentenceView, TimelineEntry } from '$wire';
import { OPEN_STATES } from '../../words/labels';
import { inventRow } from './incidents';
import { hex, randomFrom } from './random';
import { inventReach } from './reach';

const random = randomFrom(99);
const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

const TIMELINE: readonly TimelineEntry[] = [
  { at: ago(930), kind: 'activity', actor: 'wiz', text: 'Exploit request from 45.9.148.21 to /api/upload', evidence: 'E7' },
  { at: ago(561), kind: 'activity', actor: 'wiz', text: 'xmrig started by www-data', evidence: 'E3' },
  { at: ago(532), kind: 'finding', actor: 'wiz', text: 'Crypto-mining on a workload', evidence: 'E1' },
  { at: ago(510), kind: 'finding', actor: 'wiz', text: 'New connection to a mining pool; joined by instance', evidence: 'E4' },
  { at: ago(509), kind: 'decision', actor: 'firebreak', text: 'Playbook crypto-mining-ec2 proposed 3 steps', evidence: null },
  { at: ago(508), kind: 'decision', actor: 'firebreak', text: 'The model agreed on the order of the steps', evidence: null },
  { at: ago(370), kind: 'decision', actor: 'mo', text: 'Assigned to mo', evidence: null },
  { at: ago(300), kind: 'containment', actor: 'mo', text: 'Deactivate key AKIA…7Q2F: 1 of 1 call accepted', evidence: null },
  { at: ago(297), kind: 'proof', actor: 'firebreak', text: 'Deactivate key AKIA…7Q2F: proven, 2 of 2 checks', evidence: null },
  { at: ago(140), kind: 'decision', actor: 'j.larsen', text: 'Signed step 1; one more signature is needed', evidence: null },
];

const EVIDENCE: readonly EvidenceView[] = [
  ['E1', 'wiz', 532, 'Detection “Crypto-mining on a workload”, severity CRITICAL'],
  ['E2', 'wiz', 532, 'Instance tags: env=production, service=store, owner=storefront'],
  ['E3', 'wiz', 561, 'Process tree: nginx → sh → xmrig --url pool.minexmr.example:443'],
  ['E4', 'wiz', 510, 'Flow to pool.minexmr.example:443, 14 MB in 9 min'],
  ['E5', 'aws', 480, 'CPUUtilization 97 % since 13:54 (was 11 %)'],
  ['E7', 'wiz', 930, 'WAF sample: POST /api/upload from 45.9.148.21, matches CVE-2025-29927'],
  ['E11', 'aws', 470, 'Role web-node may s3:GetObject on customer-exports'],
  ['E12', 'aws', 465, 'CloudTrail: no GetObject on customer-exports by this role since 13:48'],
].map(([id, source, seconds, text]) => ({
  id: String(id),
  source: String(source),
  at: ago(Number(seconds)),
  text: String(text),
  sha256: hex(random, 64),
}));

function finding(row: QueueRow, number: number, title: string): FindingView {
  return {
    id: `fnd_${row.id}_${number}`,
    source: ['wiz', 'orca', 'lacework'][number] ?? 'wiz',
    vendor_id: `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`,
    title,
    description: 'A process with the name and the network pattern of a known miner ran on this workload.',
    severity: row.severity,
    severity_as_given: null,
    status: number === 0 ? 'new' : 'in_progress',
    created_at: ago(540),
    updated_at: ago(500),
    resource: row.asset,
    resource_name: row.asset_name,
    resource_type: 'virtual machine',
    account: row.account,
    region: row.region,
    rule: title,
    rule_name: title,
    asset: row.asset,
    tags: { env: 'production', service: 'store', owner: 'storefront', 'purpose\u202e': '<b>scan</b>' },
    tactics: ['Impact'],
    techniques: row.techniques,
    unknowns: number === 1 ? ['the vendor sent no end time', 'field “riskScoreV3” was not understood'] : [],
    joined: [null, { because: `shares asset ${row.asset ?? 'unknown'}, while that went on`, score: 0.9 }, { because: 'shares access key AKIA4EXAMPLE and address 45.9.148.21, 12 min apart', score: 0.94 }][number] ?? null,
    // The second source says what the first does.
    witness: number === 1 ? { of: `fnd_${row.id}_0`, because: `technique T1496 of ${row.asset ?? 'unknown'}, 3 min apart` } : null,
  };
}

export type ModelMood = 'answered' | 'down' | 'absent' | 'thinking';

const MODEL_NOTE: Record<ModelMood, string | null> = {
  answered: null,
  down: 'The model did not answer within 10 s. This is the playbook’s own text; nothing else is missing.',
  absent: 'No model is set up. This is the playbook’s own text; nothing else is missing.',
  thinking: 'The model is reading this incident. The playbook’s text stands until it answers.',
};

export function inventDetail(row: QueueRow, plan: PlanView | null, mood: ModelMood): Omit<IncidentView, 'write_backs' | 'write_back_blocked'> {
  const byModel = mood === 'answered';
  const asset = row.asset ?? 'unknown';
  const name = row.asset_name ?? asset;
  const open = OPEN_STATES.includes(row.state);
  return {
    row,
    next_states: open ? ['triaged', 'contained', 'closed', 'false_positive'] : row.state === 'snoozed' ? ['new', 'triaged', 'closed', 'false_positive'] : ['triaged'],
    joined_because: `opened for asset ${row.asset ?? 'unknown'}; others join that share an entity with it within 24 hours`,
    cause: row.state === 'false_positive' ? 'test' : null,
    merged_into: null,
    merged: [],
    handover: null,
    assessment: {
      author: byModel ? 'model' : 'playbook',
      model: byModel ? 'sandbox-honest' : null,
      took_seconds: byModel ? 0.9 : null,
      summary: byModel
        ? [
            said(`xmrig runs as www-data on ${name}, started 6 minutes after a request that matches CVE-2025-29927.`, ['E3', 'E7'], { '6 minutes': [] }),
            said('Its role can read customer-exports; CloudTrail shows no such read since.', ['E12'], { 'customer-exports': ['E11'] }),
            said('The attacker is probably automated.', []),
          ]
        : [
            said(`A source reports ${row.title.toLowerCase()} (${row.techniques.join(', ')}) on ${name}.`, ['E1']),
            said('The instance is tagged production and belongs to storefront.', ['E2']),
          ],
      hypothesis: byModel
        ? [
            said('Process, egress to a mining pool and CPU agree.', ['E3', 'E4', 'E5']),
            said('Nothing points to lateral movement.', ['E12']),
          ]
        : [said('A public upload endpoint was exploited shortly before the miner started.', ['E7'])],
      model_note: MODEL_NOTE[mood],
    },
    asset: {
      id: asset,
      name: row.asset_name,
      kind: 'EC2 instance',
      account: row.account,
      account_name: row.account_name,
      region: row.region,
      environment: row.id === 'inc_0000' ? 'production' : 'staging',
      owner: 'storefront',
      tags: { env: 'production', service: 'store', owner: 'storefront', 'aws:autoscaling:groupName': 'asg-web' },
      cloud_state: 'running',
      read_at: ago(42),
      provenance: { region: 'wiz', environment: 'wiz', owner: 'aws', tags: 'aws', cloud_state: 'aws' },
    },
    findings: [finding(row, 0, row.title), finding(row, 1, 'New connection to a mining pool'), finding(row, 2, 'Exploit attempt against a public endpoint')].slice(0, Math.max(1, Math.min(3, row.finding_count))),
    facts: row.finding_count > 1 ? Math.min(3, row.finding_count) - 1 : 1,
    timeline: [...TIMELINE],
    evidence: [...EVIDENCE],
    reach: inventReach(row, asset, name),
    related: [
      { row: { ...inventRow(11, 90), state: 'new' }, why: 'same asset' },
      { row: { ...inventRow(12, 210), state: 'triaged' }, why: 'names AKIA4EXAMPLE too' },
      { row: { ...inventRow(14, 400), state: 'triaged' }, why: 'its asset is 2 hops away' },
    ],
    plan,
    notices: mood === 'down' ? [{ level: 'warning', text: 'AWS reads failed for region eu-central-1: the read key was refused.', remedy: 'Test the cloud account in settings.' }] : [],
  };
}

/** A sentence, and its parts that the citations do not carry, with the facts that do. */
function said(text: string, cites: string[], parts: Record<string, string[]> = {}): SentenceView {
  const flags = Object.entries(parts).map(([part, elsewhere]) => ({ start: text.indexOf(part), end: text.indexOf(part) + part.length, text: part, elsewhere }));
  return { text, cites, unknown_cites: [], flags };
}

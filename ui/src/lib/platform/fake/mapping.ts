import type { MappedField, MappingFault, MappingPreview, MappingStart } from '$wire';

const FIELDS = [
  'vendor_id', 'kind', 'title', 'description', 'severity', 'status', 'created_at', 'updated_at', 'status_changed_at', 'rule_id', 'rule_name',
  'techniques', 'resource_id', 'resource_name', 'resource_type', 'cloud', 'account', 'account_name', 'region', 'tags', 'vendor',
];
const KEYS = ['about', 'fields', 'items', 'severities', 'statuses', 'version'];
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'informational'];

const text = (value: unknown): string => JSON.stringify(value, null, 2);

/** Two of the shipped mappings, shortened. */
export const STARTS: readonly MappingStart[] = [
  {
    name: 'wiz',
    title: 'Wiz',
    mapping: text({
      version: 1,
      about: 'The default body of a Wiz automation rule.',
      fields: {
        vendor_id: '/issue/id',
        kind: { const: 'issue' },
        title: ['/control/name', '/issue/name'],
        description: '/control/description',
        severity: ['/issue/severity', '/control/severity'],
        status: '/issue/status',
        created_at: '/issue/created',
        rule_id: '/control/id',
        rule_name: '/control/name',
        resource_id: '/resource/providerUniqueId',
        resource_name: '/resource/name',
        resource_type: '/resource/type',
        cloud: '/resource/cloudPlatform',
        account: '/resource/subscriptionId',
        account_name: '/resource/subscriptionName',
        region: '/resource/region',
        vendor: { const: 'Wiz' },
      },
    }),
    sample: text({
      issue: { id: 'e3180000-0000-4000-8000-000000000001', status: 'OPEN', severity: 'HIGH', created: '2026-07-25T14:12:09Z' },
      resource: {
        name: 'jenkins-build', type: 'virtualMachine', cloudPlatform: 'AWS', subscriptionId: '123456789012', subscriptionName: 'storefront-prod', region: 'us-east-2',
        providerUniqueId: 'arn:aws:ec2:us-east-2:123456789012:instance/i-0c0ffee0c0ffee0c0',
      },
      control: { id: 'cer-0000', name: 'Recon:EC2/PortProbeUnprotectedPort', description: 'An unprotected port of the instance is being probed.', severity: 'HIGH' },
    }),
  },
  {
    name: 'orca',
    title: 'Orca',
    mapping: text({ version: 1, fields: { vendor_id: '/state/alert_id', title: '/type_string', severity: '/state/risk_level', status: '/state/status', resource_id: '/asset_vendor_id' }, severities: { hazardous: 'medium' } }),
    sample: text({ type_string: 'Bucket is open to everyone', asset_vendor_id: 'arn:aws:s3:::ledger-exports', state: { alert_id: 'orca-7003', status: 'in_progress', risk_level: 'hazardous' } }),
  },
];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A stand-in of the engine's preview: pointers and constants, the shape of its answers, none of its care. */
export function inventPreview(mapping: string, message: string): MappingPreview {
  const none = { faults: [], problem: null, alerts: 0, readings: [] };
  const read = parse(mapping);
  if (!isObject(read.value)) return { ...none, faults: [{ line: read.line, key: '', problem: read.problem, remedy: 'Look at this line.' }] };
  const document = read.value;
  const fields = isObject(document['fields']) ? document['fields'] : {};
  const faults = faultsOf(mapping, document, fields);
  if (faults.length > 0) return { ...none, faults };
  if (message.trim() === '') return none;
  const parsed = parse(message);
  if (parsed.value === undefined) return { ...none, problem: `This can't be read: it ${parsed.problem}.` };
  const alerts: unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  const words = isObject(document['severities']) ? document['severities'] : {};
  const readings = alerts.slice(0, 20).map((alert) => {
    const told = FIELDS.map((name) => fieldOf(name, fields[name], alert, words));
    const lacking = told.filter((field) => field.required && field.value === null).map((field) => field.name);
    return { refused: lacking.length > 0 ? `This is no alert by the mapping: it has no ${lacking.join(' and no ')}.` : null, fields: told, notes: [] };
  });
  return { ...none, alerts: alerts.length, readings };
}

function fieldOf(name: string, origin: unknown, alert: unknown, words: Record<string, unknown>): MappedField {
  const required = name === 'vendor_id' || name === 'title';
  const base = { name, required, mapped: origin !== undefined, constant: false, pointer: null, given: null, value: null, note: null };
  if (isObject(origin)) return { ...base, constant: true, value: String(origin['const']) };
  const pointers: unknown[] = Array.isArray(origin) ? origin : [origin];
  const pointer = pointers.map(String).find((place) => find(alert, place) !== undefined);
  if (origin === undefined || pointer === undefined) return { ...base, note: required ? 'not found; without it this is no finding' : 'not given' };
  const given = String(find(alert, pointer));
  const own = words[given] ?? words[given.toLowerCase()];
  if (name !== 'severity') return { ...base, pointer, given, value: given };
  const severity = typeof own === 'string' ? own : SEVERITIES.includes(given.toLowerCase()) ? given.toLowerCase() : 'unknown';
  return { ...base, pointer, given, value: severity, note: severity === 'unknown' ? `"${given}" is not known` : null };
}

function find(value: unknown, pointer: string): unknown {
  const found = pointer.split('/').slice(1).reduce<unknown>((at, token) => {
    if (Array.isArray(at)) return at[Number(token)];
    return isObject(at) ? at[token] : undefined;
  }, value);
  return found === '' || found === null ? undefined : found;
}

function faultsOf(source: string, document: Record<string, unknown>, fields: Record<string, unknown>): MappingFault[] {
  const lineOf = (key: string): number => Math.max(1, source.split('\n').findIndex((line) => line.includes(`"${key}"`)) + 1);
  const faults: MappingFault[] = [];
  for (const key of Object.keys(document)) {
    if (!KEYS.includes(key)) faults.push({ line: lineOf(key), key, problem: 'is not known', remedy: `Known are ${KEYS.join(', ')}.` });
  }
  for (const [key, origin] of Object.entries(fields)) {
    if (!FIELDS.includes(key)) faults.push({ line: lineOf(key), key: `fields.${key}`, problem: 'is no field', remedy: `Known are ${FIELDS.join(', ')}.` });
    else if (typeof origin === 'string' && !origin.startsWith('/')) faults.push({ line: lineOf(key), key: `fields.${key}`, problem: `"${origin}" is no JSON Pointer: it does not begin with /`, remedy: `Write "/${origin.replaceAll('.', '/')}".` });
  }
  return faults;
}

function parse(source: string): { value: unknown; problem: string; line: number } {
  try {
    return { value: JSON.parse(source), problem: 'is no object', line: 1 };
  } catch {
    return { value: undefined, problem: 'is not valid JSON', line: source.split('\n').length };
  }
}

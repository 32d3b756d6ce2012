import type { FieldChoice, VendorField, VendorForm } from '$wire';
import { STARTS } from './mapping';

function field(name: string, label: string, help: string, more: Partial<VendorField> = {}): VendorField {
  return { name, label, help, required: false, fallback: null, choices: [], advanced: false, when: null, kind: 'line', starts: [], ...more };
}
const required = (name: string, label: string, help: string, choices: FieldChoice[] = []): VendorField => field(name, label, help, { required: true, choices });
const advanced = (name: string, label: string, help: string, fallback: string | null, choices: FieldChoice[] = []): VendorField =>
  field(name, label, help, { advanced: true, fallback, choices });
const choices = (...pairs: readonly (readonly [string, string])[]): FieldChoice[] => pairs.map(([value, label]) => ({ value, label }));

const shared = (page: string, rate: string): VendorField[] => [
  advanced('lookback_days', 'Look-back', 'Days that the first poll reaches back.', '7'),
  advanced('page_size', 'Page size', 'Alerts asked for at once.', page),
  advanced('requests_per_second', 'Requests a second', 'Kept to before the vendor has to say no.', rate),
];

const past = { can_backfill: true, can_reset: true };

/** The four vendors and the queue, in the order they are offered. */
export const VENDORS: readonly VendorForm[] = [
  {
    vendor: 'wiz',
    title: 'Wiz',
    help: 'Settings, Service Accounts: a custom integration (GraphQL API) with read:issues, read:detections, read:threat_issues and read:resources; update:issues only where statuses are to be written back.',
    fields: [
      required('api_url', 'API address', 'https://api.<data center>.app.wiz.io/graphql; Wiz shows it under User Settings, Tenant.'),
      required('client_id', 'Client id', 'Of the service account.'),
      advanced('auth_url', 'Authentication address', 'Ends in /oauth/token.', 'https://auth.app.wiz.io/oauth/token', choices(['https://auth.app.wiz.io/oauth/token', 'Commercial'], ['https://auth.app.wiz.us/oauth/token', 'FedRAMP'], ['https://auth.gov.wiz.io/oauth/token', 'AWS GovCloud'])),
      advanced('audience', 'Audience', 'Of the token; chosen by the authentication host when empty.', null),
      ...shared('100', '3'),
    ],
    secret_label: 'Client secret',
    unconfirmed: ['Wiz does not publish its limit; public clients keep to 3 requests a second.'],
    ...past,
  },
  {
    vendor: 'prisma',
    title: 'Prisma Cloud',
    help: 'Settings, Access Control: an access key of a service account with a role that may view alerts and assets; manage alerts only where dismissals are to be written back.',
    fields: [
      required('api_url', 'Stack', 'The API address of your tenant’s stack.', choices(['https://api.prismacloud.io', 'app (US)'], ['https://api2.prismacloud.io', 'app2 (US)'], ['https://api.eu.prismacloud.io', 'app.eu'], ['https://api2.eu.prismacloud.io', 'app2.eu'], ['https://api.anz.prismacloud.io', 'app.anz'], ['https://api.gov.prismacloud.io', 'app.gov'])),
      required('client_id', 'Access key id', 'Of the service account.'),
      field('compute_url', 'Compute console', 'https://<region>.cloud.twistlock.com/<tenant>; without it no runtime incidents are read.'),
      ...shared('100', '2'),
    ],
    secret_label: 'Secret key',
    unconfirmed: ['The limit of the alert endpoint differs by licence; 429 answers are obeyed.', 'Whether a dismissal note is shown in every console version.'],
    ...past,
  },
  {
    vendor: 'lacework',
    title: 'Lacework FortiCNAPP',
    help: 'Settings, API keys: a key of a service user whose role may read alerts; the secret is shown once, in the file that is downloaded.',
    fields: [
      required('api_url', 'Account', 'https://<account>.lacework.net, as in the address of the console.'),
      required('client_id', 'Key id', 'As in the downloaded file.'),
      field('subaccount', 'Sub-account', 'Only for organisations: the account whose alerts are read.'),
      advanced('token_seconds', 'Token lifetime', 'Seconds that an access token is asked for.', '3600'),
      ...shared('500', '0.13'),
    ],
    secret_label: 'Secret key',
    unconfirmed: [],
    ...past,
  },
  {
    vendor: 'orca',
    title: 'Orca Security',
    help: 'Settings, Users and Permissions, API: a service token with the role “Viewer” (or “Editor” where statuses are to be written back).',
    fields: [
      required('api_url', 'Region', 'Where your tenant lives.', choices(['https://api.orcasecurity.io', 'United States'], ['https://app.eu.orcasecurity.io', 'Europe'], ['https://app.au.orcasecurity.io', 'Australia'])),
      advanced('generation', 'Query interface', 'The older one is kept for tenants that lack the new one.', 'serving-layer', choices(['serving-layer', 'current'], ['rules', 'older'])),
      ...shared('100', '2'),
    ],
    secret_label: 'API token',
    unconfirmed: ['No documented limit: kept to 2 requests a second.', 'Region addresses besides the United States come from public clients.'],
    ...past,
  },
  {
    vendor: 'sqs',
    title: 'Amazon SQS queue',
    help: 'A queue that a CNAPP’s alerts are forwarded to, directly, through SNS or EventBridge. The access key needs sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility, sqs:GetQueueAttributes and sqs:GetQueueUrl.',
    fields: [
      required('api_url', 'Queue address', 'https://sqs.<region>.amazonaws.com/<account>/<queue>'),
      required('region', 'Region', 'Such as eu-central-1.'),
      required('client_id', 'Access key id', 'Of an identity that may do nothing else.'),
      required('format', 'Format', 'Whose alerts the messages carry.', choices(['mapped', 'Custom mapping'], ['wiz', 'Wiz'], ['prisma', 'Prisma Cloud'], ['lacework', 'Lacework FortiCNAPP'], ['orca', 'Orca Security'], ['ocsf', 'OCSF Detection Finding'])),
      field('mapping', 'Mapping', 'Where in a message each field of a finding stands.', { required: true, kind: 'mapping', when: { field: 'format', value: 'mapped' }, starts: [...STARTS] }),
      advanced('wait_seconds', 'Listening', 'Seconds that an empty queue is listened to, at most 20.', '10'),
      advanced('visibility_seconds', 'Invisibility', 'Seconds that a message we read stays hidden from others.', '120'),
    ],
    secret_label: 'Secret access key',
    unconfirmed: [],
    can_backfill: false,
    can_reset: false,
  },
];

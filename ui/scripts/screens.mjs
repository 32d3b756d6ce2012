// What to draw. `path` chooses the fake host's scenario, `go` does what a person would do to get there.
const press = (...keys) => async (page) => {
  for (const key of keys) {
    await page.keyboard.press(key);
    await page.waitForTimeout(60);
  }
};
const at = (id) => (id.startsWith('stp') ? `[data-step="${id}"]` : `[data-testid="${id}"]`);
const click = (id) => (page) => page.locator(at(id)).first().click();
const then = (...steps) => async (page) => {
  for (const step of steps) await step(page);
};
const addOrca = async (page) => {
  await page.locator('[data-vendor="orca"]').click();
  await page.locator(at('source-field-api_url')).fill('https://app.eu.orcasecurity.io');
  await page.locator(at('source-secret')).fill('not-a-secret');
  await page.locator(at('source-name')).fill('orca-eu');
  await page.keyboard.press('Enter');
};
const OWN = JSON.stringify({ version: 1, fields: { vendor_id: '/ref', title: '/what', severity: '/prio', region: '/place', resource_id: '/thing/arn' } }, null, 2);
const MESSAGE = JSON.stringify({ what: 'Miner on web-7', prio: 'P9', thing: { arn: 'arn:aws:ec2:eu-central-1:123456789012:instance/i-0aa11bb22cc33dd44' } }, null, 2);
const addQueue = () => async (page) => {
  await page.locator('[data-vendor="sqs"]').click();
  await page.locator(at('source-field-api_url')).fill('https://sqs.eu-central-1.amazonaws.com/123456789012/alerts');
  await page.locator(at('source-field-region')).fill('eu-central-1');
  await page.locator(at('source-field-client_id')).fill('AKIAEXAMPLEEXAMPLE12');
  await page.locator(at('source-secret')).fill('not-a-secret');
  await page.locator(at('source-field-format')).fill('mapped');
};
const bottom = (page) => page.locator(at('mapping')).evaluate((element) => element.scrollIntoView({ block: 'start' }));
const NOTE = [
  '## Done',
  '- **web-7** is out of the load balancer',
  '- key `AKIA…7Q2F` is off, see [the case](https://case.example/INC-2041)',
  '',
  '> Storefront says *no customer noticed*.',
  '',
  'Next:',
  '1. snapshot the volume',
  '2. rotate the role',
  '```',
  'aws ec2 describe-instances --instance-ids i-0c41f0b9',
  '```',
].join('\n');
// As the shell opens it, and the smallest that it allows.
const WINDOW = { width: 980, height: 680 };
const SMALLEST = { width: 760, height: 520 };

export const SCREENS = [
  { name: 'queue', path: '/#/queue', go: press('j', 'k') },
  { name: 'queue-live', path: '/?live#/queue', go: press('j', 'j', 'j'), settle: 9200 },
  { name: 'queue-filtered', path: '/#/queue', go: then(press('/'), async (page) => page.keyboard.type('severity:high state:new role'), press('Enter')) },
  { name: 'queue-completing', path: '/#/queue', go: then(press('/'), async (page) => page.keyboard.type('severity:'), press('ArrowDown')) },
  { name: 'queue-none', path: '/#/queue', go: then(press('/'), async (page) => page.keyboard.type('nothing like this'), press('Enter')) },
  { name: 'queue-selected', path: '/#/queue', go: press('j', 'x', 'J', 'J', 'J') },
  { name: 'queue-all-selected', path: '/#/queue', go: press('Control+a') },
  { name: 'queue-close-many', path: '/#/queue', go: then(press('x', 'J', 'J', 'e'), click('close-false_positive')) },
  { name: 'queue-merge', path: '/#/queue', go: press('x', 'J', 'J', 'm') },
  { name: 'queue-merged', path: '/#/queue', go: then(press('x', 'J', 'm'), click('merge-confirm'), press('Enter')) },
  { name: 'incident-note', path: '/#/incident/inc_0000', go: then(press('c'), async (page) => page.keyboard.type('Called the owner. She takes web-7 out of the load balancer.'), press('Enter')) },
  { name: 'incident-note-markdown', path: '/#/incident/inc_0000', go: then(press('c'), async (page) => page.locator(at('note')).fill(NOTE), press('Enter')) },
  { name: 'incident-handed', path: '/#/incident/inc_0004', settle: 900 },
  { name: 'incident-handover', path: '/#/incident/inc_0000', go: then(press('h', 'ArrowDown'), (page) => page.locator(at('handover-note')).fill(NOTE)) },
  { name: 'incident-handed-on', path: '/#/incident/inc_0000', go: then(press('h', 'Space'), (page) => page.locator(at('handover-note')).fill(NOTE), press('Control+Enter')), settle: 900 },
  { name: 'incident-more', path: '/#/incident/inc_0000', go: click('incident-more') },
  { name: 'incident-cut', path: '/#/incident/inc_0001', go: then(click('cut-open'), click('cut-point'), click('step-breaks')) },
  { name: 'incident-related', path: '/#/incident/inc_0000', go: click('why-related') },
  { name: 'incident-merge', path: '/#/incident/inc_0000', go: press('m') },
  { name: 'incident-move', path: '/#/incident/inc_0000', go: then(click('why-findings'), click('findings-move'), click('finding-choose')) },
  { name: 'queue-snoozed', path: '/#/queue', go: then(click('queue-tab-snoozed'), press('j')) },
  { name: 'queue-snooze', path: '/#/queue', go: press('s') },
  { name: 'queue-snooze-own', path: '/#/queue', go: then(press('x', 'J', 's'), (page) => page.locator(at('snooze-time')).fill('2020-01-01 09:00')) },
  { name: 'incident-snoozed', path: '/#/incident/inc_0013', settle: 900 },
  { name: 'suppress', path: '/#/queue', go: then(press('S'), (page) => page.locator(at('suppress-reason')).waitFor(), async (page) => page.keyboard.type('Our own scanner.')), settle: 600 },
  { name: 'suppress-wide', path: '/#/incident/inc_0012', go: then(press('S'), click('suppress-asset'), click('suppress-tag'), click('suppress-close')), settle: 600 },
  { name: 'suppress-nothing', path: '/#/queue', go: then(press('S'), click('suppress-asset'), click('suppress-rule')), settle: 600 },
  { name: 'queue-menu', path: '/#/queue', go: click('filter-severity') },
  { name: 'queue-views', path: '/#/queue', go: press('g', 'v', 'j') },
  { name: 'queue-views-none', path: '/?scenario=empty#/queue', go: press('g', 'v') },
  { name: 'queue-view-shown', path: '/#/queue', go: press('g', 'v', 'j', 'Enter', 'j') },
  { name: 'queue-view-changed', path: '/#/queue', go: then(press('g', 'v', 'j', 'j', 'Enter', '/'), async (page) => page.keyboard.type('age<7d'), press('Enter')) },
  { name: 'queue-columns', path: '/#/queue', go: then(press('v'), (page) => page.locator('[data-value="sources"]').click(), (page) => page.locator('[data-value="findings"]').click(), (page) => page.locator('[data-value="compact"]').click()) },
  { name: 'queue-close', path: '/#/queue', go: press('e') },
  { name: 'queue-first-run', path: '/?scenario=first-run' },
  { name: 'queue-empty', path: '/?scenario=empty' },
  { name: 'queue-quiet', path: '/?scenario=quiet' },
  { name: 'queue-loading', path: '/?scenario=loading' },
  { name: 'offline', path: '/?scenario=offline' },
  { name: 'storage', path: '/?scenario=storage' },
  { name: 'keychain', path: '/?scenario=keychain' },
  { name: 'degraded', path: '/?scenario=degraded' },
  { name: 'incident', path: '/#/incident/inc_0000', settle: 900 },
  { name: 'incident-where', path: '/#/incident/inc_0000', go: press('w'), settle: 900 },
  { name: 'queue-million', path: '/?scenario=million#/queue', settle: 500 },
  { name: 'queue-million-middle', path: '/?scenario=million#/queue', go: (page) => page.locator('[role="listbox"]').first().evaluate((list) => { list.scrollTop = list.scrollHeight / 2; }), settle: 700 },
  { name: 'queue-million-end', path: '/?scenario=million#/queue', go: press('End'), settle: 700 },
  { name: 'graph-20', path: '/#/incident/inc_0007', go: press('w'), settle: 900 },
  { name: 'graph-200', path: '/#/incident/inc_0008', go: press('w'), settle: 900 },
  { name: 'graph-2000', path: '/#/incident/inc_0010', go: press('w'), settle: 900 },
  { name: 'graph-2000-wide', path: '/#/incident/inc_0010', go: press('f'), settle: 900 },
  { name: 'graph-2000-open', path: '/#/incident/inc_0010', go: then(press('f'), (page) => page.locator(at('reach-drawn')).focus(), press('ArrowRight', 'ArrowRight', 'Enter', 'Enter')), settle: 900 },
  { name: 'graph-2000-list', path: '/#/incident/inc_0010', go: then(press('w'), click('reach-list')) },
  { name: 'incident-list', path: '/#/incident/inc_0000', go: then(press('w'), click('reach-list')) },
  { name: 'incident-evidence', path: '/#/incident/inc_0000', go: (page) => page.locator('button.cite').first().click() },
  { name: 'incident-findings', path: '/#/incident/inc_0000', go: click('why-findings') },
  { name: 'incident-raw', path: '/#/incident/inc_0000', go: then(click('why-findings'), click('finding-raw')) },
  { name: 'incident-raw-field', path: '/#/incident/inc_0000', go: then(click('why-findings'), click('finding-raw'), press('j', 'j', 'j', 'j', 'j', 'j', 'j', 'j')) },
  { name: 'incident-tell', path: '/#/incident/inc_0000', go: then(press('t'), async (page) => page.keyboard.type('The node is isolated and its key is off. Case INC-2041.')) },
  { name: 'incident-tell-blocked', path: '/?scenario=phase1#/incident/inc_0001' },
  { name: 'incident-model-down', path: '/?scenario=model-down#/incident/inc_0001', settle: 900 },
  { name: 'incident-missing', path: '/#/incident/nothing' },
  { name: 'step', path: '/#/incident/inc_0000', go: press('Enter') },
  { name: 'step-approved', path: '/#/incident/inc_0001', go: press('Enter') },
  { name: 'step-running', path: '/#/incident/inc_0001', go: press('Enter', 'r'), settle: 1900 },
  { name: 'step-proven', path: '/#/incident/inc_0002', go: press('Enter') },
  { name: 'step-unknown', path: '/#/incident/inc_0003', go: press('Enter') },
  { name: 'step-refuted', path: '/#/incident/inc_0004', go: press('Enter') },
  { name: 'step-phase1', path: '/?scenario=phase1#/incident/inc_0000', go: press('Enter') },
  { name: 'step-reject', path: '/#/incident/inc_0006', go: press('Enter', 'x') },
  { name: 'commander', path: '/#/audit', go: async (page) => page.evaluate(() => { localStorage.setItem('firebreak.commander.looked', new Date(Date.now() - 3_600_000).toISOString()); location.hash = '#/commander'; }) },
  { name: 'commander-list', path: '/#/commander', go: click('commander-as-list') },
  { name: 'commander-wall', path: '/#/commander/wall', settle: 300 },
  { name: 'commander-empty', path: '/?scenario=empty#/commander' },
  { name: 'queue-clock', path: '/#/queue', go: click('sort-clock') },
  { name: 'settings-clocks', path: '/#/settings/clocks' },
  { name: 'audit', path: '/#/audit', go: press('j', 'j') },
  { name: 'audit-bad', path: '/?scenario=audit-bad#/audit', go: click('audit-first-bad') },
  { name: 'sources', path: '/?scenario=sources#/sources' },
  { name: 'sources-failed', path: '/?scenario=sources#/sources', go: then(press('j', 'j', 'j', 'j'), click('source-test')), settle: 900 },
  { name: 'sources-backfilling', path: '/?scenario=sources#/sources', go: press('j', 'j', 'j') },
  { name: 'sources-full', path: '/#/sources', go: press('j', 'k') },
  { name: 'sources-none', path: '/?scenario=first-run#/sources' },
  { name: 'sources-loading', path: '/?scenario=loading#/sources' },
  { name: 'source-backfill', path: '/#/sources', go: press('b') },
  { name: 'source-reset', path: '/#/sources', go: press('r') },
  { name: 'source-remove', path: '/?scenario=sources#/sources', go: press('j', 'j', 'x') },
  { name: 'source-add', path: '/?scenario=first-run#/sources/add' },
  { name: 'source-add-prisma', path: '/?scenario=first-run#/sources/add', go: then(press('j', 'j'), (page) => page.locator('[data-testid="source-field-api_url"]').press('ArrowDown')) },
  { name: 'source-add-more', path: '/#/sources/add', go: then((page) => page.locator('[data-vendor="wiz"]').click(), (page) => page.locator('summary').click()) },
  { name: 'source-add-queue', path: '/#/sources/add', go: addQueue() },
  { name: 'source-add-mapping', path: '/#/sources/add', go: then(addQueue(), (page) => page.locator('[data-name="wiz"][data-testid="mapping-start"]').click(), bottom), settle: 700 },
  { name: 'source-add-mapping-gaps', path: '/#/sources/add', go: then(addQueue(), (page) => page.locator(at('mapping-text')).fill(OWN), (page) => page.locator(at('mapping-sample')).fill(MESSAGE), bottom), settle: 700 },
  { name: 'source-add-mapping-faults', path: '/#/sources/add', go: then(addQueue(), (page) => page.locator(at('mapping-text')).fill(OWN.replace('"/prio"', '"prio"').replace('"region"', '"regoin"')), bottom), settle: 700 },
  { name: 'source-queue', path: '/?scenario=sources#/sources', go: press('j', 'j', 'j', 'j', 'j', 'j', 'j', 'j') },
  { name: 'source-added', path: '/#/sources/add', go: addOrca, settle: 1800 },
  { name: 'source-added-bad', path: '/?scenario=degraded#/sources/add', go: addOrca, settle: 1800 },
  { name: 'containments', path: '/#/containments' },
  { name: 'containments-none', path: '/?scenario=quiet#/containments' },
  { name: 'containments-loading', path: '/?scenario=loading#/containments' },
  { name: 'containments-renew', path: '/#/containments', go: press('j', 'j', 'h') },
  { name: 'containments-release', path: '/#/containments', go: press('x') },
  { name: 'settings-clouds', path: '/#/settings/clouds', go: click('settings-cloud-add') },
  { name: 'settings-model', path: '/#/settings/model', go: click('settings-model-test'), settle: 800 },
  { name: 'settings-phase', path: '/?scenario=phase1#/settings/phase' },
  { name: 'settings-suppression', path: '/#/settings/suppression', go: click('suppression-look') },
  { name: 'settings-suppression-none', path: '/?scenario=quiet#/settings/suppression' },
  { name: 'settings-keychain', path: '/?scenario=keychain#/settings/keychain' },
  { name: 'settings-appearance', path: '/#/settings/appearance' },
  { name: 'palette', path: '/#/queue', go: press('Control+k') },
  { name: 'palette-search', path: '/#/queue', go: then(press('Control+k'), async (page) => page.keyboard.type('crypto')) },
  { name: 'help', path: '/#/queue', go: press('?') },
  { name: 'approve', path: '/approval.html', size: WINDOW },
  { name: 'approve-small', path: '/approval.html', size: SMALLEST },
  { name: 'approve-small-blocked', path: '/approval.html?document=blocked', size: SMALLEST },
  { name: 'approve-holding', path: '/approval.html', size: WINDOW, go: then((page) => page.waitForTimeout(700), (page) => page.keyboard.down('Enter')), settle: 300 },
  { name: 'approve-blocked', path: '/approval.html?document=blocked', size: WINDOW },
  { name: 'approve-undo', path: '/approval.html?document=undo', size: WINDOW },
  { name: 'approve-phase', path: '/approval.html?document=phase', size: WINDOW },
  { name: 'approve-reject', path: '/approval.html', size: WINDOW, go: click('approval-reject') },
];

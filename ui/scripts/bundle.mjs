// What must be true of the files that ship. Exits 1 and names what is not.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const dist = new URL('../dist', import.meta.url).pathname;
const wrong = [];
const must = (condition, text) => condition || wrong.push(text);

const assets = readdirSync(join(dist, 'assets'));
const text = (name) => readFileSync(join(dist, name), 'utf8');

/** Every script that a page loads before anyone does anything. */
function scriptsOf(page) {
  const waiting = [...text(page).matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map((match) => match[1]);
  const seen = new Set();
  for (const name of waiting) {
    if (seen.has(name)) continue;
    seen.add(name);
    for (const match of text(name).matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g)) waiting.push(`assets/${match[1]}`);
  }
  return [...seen];
}

for (const page of ['index.html', 'approval.html']) {
  must(existsSync(join(dist, page)), `${page} is missing`);
  must(!/<script(?![^>]*\bsrc=)[^>]*>/.test(text(page)), `${page} holds an inline script`);
  must(!/<style|\sstyle=|\son\w+=/.test(text(page)), `${page} holds inline style or a handler`);
  must(!/(?:src|href)="(?:https?:|data:|\/\/)/.test(text(page)), `${page} loads something from elsewhere`);
}
for (const name of assets) {
  const body = name.endsWith('.woff2') ? '' : text(`assets/${name}`);
  must(!/sandbox-honest|Crypto-miner on a production web node/.test(body), `${name} holds the fake host`);
  if (name.endsWith('.css')) must(!/url\(["']?(?:data:|https?:)/.test(body), `${name} holds a data: or remote address`);
}
const approval = scriptsOf('approval.html').map(text).join('\n');
must(/get_approval_document/.test(approval), 'the approval window lacks its commands');
for (const command of ['get_snapshot', 'run_step', 'request_approval', 'set_incident_state', 'add_source']) {
  must(!approval.includes(command), `the approval window knows the command ${command}`);
}
const main = scriptsOf('index.html').map(text).join('\n');
for (const command of ['get_approval_document', 'sign_approval', 'decline_approval']) {
  must(!main.includes(command), `the main window knows the command ${command}`);
}

for (const line of wrong) console.error(line);
console.log(wrong.length === 0 ? 'the bundle is as it must be' : `${wrong.length} things are wrong with the bundle`);
process.exit(wrong.length === 0 ? 0 : 1);

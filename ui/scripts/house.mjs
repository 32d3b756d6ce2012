// Rules of the house that the type checker can't hold. Exits 1 and names every place that breaks one.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = new URL('../src', import.meta.url).pathname;
const RULES = [
  { name: '{@html}: alerts are untrusted', test: /\{@html/, where: /\.svelte$/ },
  { name: 'a cast: make the type say it', test: /^(?!\s*(?:import|export) ).*\bas (?:unknown|any|never|string|number|boolean|[A-Z]\w*)\s*(?:[)<;,\]|}&[]|$)/, where: /\.(ts|svelte)$/ },
  { name: 'any', test: /(:\s*any\b|<any>|any\[\])/, where: /\.(ts|svelte)$/ },
  { name: 'a type check switched off', test: /@ts-(ignore|nocheck|expect-error)/, where: /\.(ts|svelte)$/ },
  { name: 'a style attribute: the content policy forbids it; use style:name', test: /\sstyle="/, where: /\.svelte$/ },
  { name: '@tauri-apps outside lib/platform/tauri', test: /@tauri-apps\//, where: /\.(ts|svelte)$/, except: /lib\/platform\/tauri\// },
  { name: 'the fake host outside its folder', test: /platform\/fake/, where: /\.(ts|svelte)$/, except: /lib\/platform\/fake\// },
  { name: 'a main feature in the approval window', test: /from '.*(features\/|state\/(console|queue|incident|keys))/, where: /^(approval\/|approval\.ts)/ },
];
const LONGEST = 350;

function* files(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else yield path;
  }
}

let broken = 0;
const say = (text) => {
  broken += 1;
  console.error(text);
};
for (const path of files(root)) {
  const name = relative(root, path);
  if (name.startsWith('lib/wire/')) continue;
  const text = readFileSync(path, 'utf8');
  const lines = text.split('\n');
  if (/\.(ts|svelte)$/.test(name) && lines.length > LONGEST) say(`${name}: ${lines.length} lines; split by ${LONGEST}`);
  for (const rule of RULES) {
    if (!rule.where.test(name) || rule.except?.test(name)) continue;
    lines.forEach((line, index) => {
      if (rule.test.test(line) && !/^\s*(\/\/|\*|\/\*)/.test(line)) say(`${name}:${index + 1}: ${rule.name}\n    ${line.trim()}`);
    });
  }
}
console.log(broken === 0 ? 'house rules hold' : `${broken} broken`);
process.exit(broken === 0 ? 0 : 1);

// Draws every screen with the fake host in Chromium, at two sizes and in both themes, into shots-out.
// It serves the build under the policy that ships, and fails on anything the policy blocks, on errors
// in the page, and on what axe finds wrong for WCAG A and AA.
//   node scripts/shots.mjs [name-part]     only screens whose name holds the part
import { createServer } from 'node:http';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { SCREENS } from './screens.mjs';

const here = new URL('..', import.meta.url).pathname;
const dist = join(here, 'dist-fake');
const out = join(here, 'shots-out');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const only = process.argv[2] ?? '';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2', '.svg': 'image/svg+xml' };
const SIZES = process.env.SIZES ? JSON.parse(process.env.SIZES) : [[1440, 900], [1024, 700]];

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  const file = join(dist, pathname === '/' ? 'index.html' : pathname);
  if (pathname === '/favicon.ico') return void response.writeHead(204).end();
  try {
    if (!file.startsWith(dist)) throw new Error('outside');
    const body = readFileSync(file);
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': POLICY });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${server.address().port}`;

if (only === '') rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const wrong = new Map();
const note = (name, text) => wrong.set(text, (wrong.get(text) ?? new Set()).add(name));

for (const [width, height] of SIZES) {
  for (const theme of ['dark', 'light']) {
    for (const screen of SCREENS.filter((known) => known.name.includes(only))) {
      const name = `${screen.name}-${theme}-${width}`;
      const size = screen.size ?? { width, height };
      if (screen.size && width !== SIZES[0][0]) continue;
      const context = await browser.newContext({ viewport: size, colorScheme: theme, reducedMotion: 'reduce', timezoneId: 'Europe/Berlin' });
      const page = await context.newPage();
      // As the shell does (`freezePrototype`): a library that writes to it must show here.
      await page.addInitScript(() => Object.freeze(Object.prototype));
      page.on('pageerror', (error) => note(name, `error in the page: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') note(name, `console: ${message.text()}`);
      });
      await page.goto(`${base}${screen.path}`);
      await page.evaluate(() => document.fonts.ready);
      page.setDefaultTimeout(4000);
      await page.waitForTimeout(150);
      await screen.go?.(page).catch((error) => note(name, `could not get there: ${error.message.split('\n')[0]}`));
      await page.waitForTimeout(screen.settle ?? 350);
      await page.screenshot({ path: join(out, `${name}.png`) });
      const found = await page.evaluate(
        async ([source]) => {
          // Evaluated through the debugger, which the page's policy does not bind.
          (0, globalThis.eval)(source);
          const { violations } = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations'] });
          return violations.map((violation) => `${violation.id}: ${violation.nodes.slice(0, 2).map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? node.failureSummary})`).join(' | ')}`);
        },
        [axe],
      ).catch(() => null);
      if (found === null) note(name, 'axe did not run');
      for (const violation of found ?? []) note(name, `axe ${violation}`);
      await context.close();
    }
  }
}
await browser.close();
server.close();
for (const [text, names] of wrong) console.error(`${text}\n    on ${[...names].slice(0, 6).join(', ')}${names.size > 6 ? ` and ${names.size - 6} more` : ''}`);
console.log(`${out}: ${wrong.size === 0 ? 'nothing is wrong' : `${wrong.size} things are wrong`}`);
process.exit(wrong.size === 0 ? 0 : 1);

// Runs in the console's own page. Scrolls the queue and a bare list of the same rows, presses keys in both,
// and ends with what each took: the two are compared with each other, never with another machine.
const done = arguments[arguments.length - 1];
const FRAMES = 600;
const KEYS = 60;
const ROW = 34;
// The height at which the engine stops laying out.
const HIGHEST = 33_000_000;

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
/** After the frame that is drawn next is on the screen. */
const painted = () =>
  new Promise((resolve) =>
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => resolve(performance.now());
      channel.port2.postMessage(null);
    }),
  );

/**
 * Three rows a frame. Scroll handlers and what they set off run before the callbacks of a frame, so the
 * script of a frame is what lies between the first handler and ours.
 */
async function scrolled(scroller) {
  const frames = [];
  const scripts = [];
  let begun = null;
  const begin = () => (begun ??= performance.now());
  window.addEventListener('scroll', begin, true);
  scroller.scrollTop = 0;
  for (let wait = 0; wait < 10; wait += 1) await frame();
  let last = await frame();
  for (let at = 0; at < FRAMES; at += 1) {
    begun = null;
    scroller.scrollTop += 3 * ROW;
    const now = await new Promise((resolve) =>
      requestAnimationFrame((began) => {
        if (begun !== null) scripts.push(performance.now() - begun);
        resolve(began);
      }),
    );
    frames.push(now - last);
    last = now;
  }
  window.removeEventListener('scroll', begin, true);
  return { frames, scripts };
}

async function pressed(press, where) {
  const times = [];
  let missed = 0;
  for (let key = 0; key < KEYS; key += 1) {
    const before = where();
    const began = performance.now();
    press();
    times.push((await painted()) - began);
    if (where() === before) missed += 1;
    await frame();
  }
  return { keys: times, missed };
}

/** The least that shows so many rows: the ones in sight, moved and written anew. */
function bare(rows) {
  const root = document.createElement('div');
  const space = document.createElement('div');
  Object.assign(root.style, { position: 'fixed', inset: '0', overflow: 'auto', zIndex: '9999', background: 'Canvas', color: 'CanvasText', font: '13px sans-serif' });
  Object.assign(space.style, { position: 'relative', height: `${Math.min(rows * ROW, HIGHEST)}px` });
  root.append(space);
  document.body.append(root);
  let cursor = 0;
  const pool = Array.from({ length: Math.ceil(root.clientHeight / ROW) + 16 }, () => {
    const row = document.createElement('div');
    Object.assign(row.style, { position: 'absolute', left: '0', right: '0', height: `${ROW}px`, display: 'flex', gap: '24px', contain: 'strict' });
    row.append(...Array.from({ length: 8 }, () => document.createElement('span')));
    space.append(row);
    return { row, index: -1 };
  });
  const draw = () => {
    const first = Math.max(0, Math.floor(root.scrollTop / ROW) - 8);
    for (let index = first; index < first + pool.length; index += 1) {
      const place = pool[index % pool.length];
      if (place.index !== index) {
        place.index = index;
        place.row.style.transform = `translateY(${index * ROW}px)`;
        [...place.row.children].forEach((cell, at) => (cell.textContent = at === 1 ? `Crypto-mining on a workload, rule ${index}` : `${index} ${at}`));
      }
      place.row.style.outline = index === cursor ? '2px solid' : '';
    }
  };
  root.addEventListener('scroll', draw);
  draw();
  const move = () => {
    cursor += 1;
    root.scrollTop = Math.max(root.scrollTop, (cursor + 1) * ROW - root.clientHeight);
    draw();
  };
  return { root, move, where: () => cursor };
}

const selected = () => document.querySelector('[role="option"][aria-selected="true"]')?.id ?? null;
const lastDrawn = () => Math.max(0, ...[...document.querySelectorAll('[role="option"]')].map((row) => Number(row.getAttribute('aria-posinset'))));

async function measured() {
  const row = document.querySelector('[data-testid="queue-row"]');
  const scroller = row.closest('[role="listbox"]');
  const total = Number(row.closest('[role="option"]').getAttribute('aria-setsize'));
  const own = { frames: [], scripts: [], keys: [], missed: 0 };
  const reference = { frames: [], scripts: [], keys: [], missed: 0 };
  const keep = (into, { frames = [], scripts = [], keys = [], missed = 0 }) => {
    into.frames.push(...frames);
    into.scripts.push(...scripts);
    into.keys.push(...keys);
    into.missed += missed;
  };
  let reached = 0;
  // In turns: what slows the machine down for a while slows both down.
  for (let round = 0; round < 2; round += 1) {
    keep(own, await scrolled(scroller));
    reached = lastDrawn();
    const press = () => (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true, cancelable: true }));
    keep(own, await pressed(press, selected));
    const list = bare(total);
    keep(reference, await scrolled(list.root));
    list.root.scrollTop = 0;
    await frame();
    keep(reference, await pressed(list.move, list.where));
    list.root.remove();
    await frame();
  }
  const began = performance.now();
  scroller.scrollTop = scroller.scrollHeight;
  let end = await painted();
  for (let wait = 0; wait < 300 && lastDrawn() < total; wait += 1) end = await painted();
  return { total, reached, end: { row: lastDrawn(), took: end - began }, own, reference };
}

measured().then(
  (value) => done({ value }),
  (error) => done({ error: String(error) }),
);

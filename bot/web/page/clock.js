// The demo's clock: what time it is there, and how to move it.

import { get, post } from './api.js';
import { byId, hour, leaf, longDay, shortDay, toast } from './dom.js';

let base = 0; // the demo's time at the last word from the program, in ms
let heard = 0; // when that was, by the page's own stopwatch
let minute = '';
let day = '';

function now() {
  return new Date(base + performance.now() - heard);
}

export function set(iso) {
  base = Date.parse(iso);
  heard = performance.now();
  show();
}

function show() {
  if (!base) return;
  const at = now();
  const text = longDay(at) + ' ' + hour(at);
  if (text === minute) return;
  minute = text;
  byId('now').setAttribute('datetime', at.toISOString());
  byId('now-hour').textContent = hour(at);
  byId('now-date').textContent = longDay(at);
  byId('now-short').textContent = shortDay(at);
  if (longDay(at) === day) return;
  const turning = day !== '';
  day = longDay(at);
  const page = leaf(at);
  byId('leaf-week').textContent = page.week;
  byId('leaf-day').textContent = page.day;
  byId('leaf-month').textContent = page.month;
  if (turning) turn();
}

// turn lets the leaf of the calendar fall again.
function turn() {
  const el = byId('leaf');
  el.classList.remove('turn');
  void el.offsetWidth; // so that the animation starts anew
  el.classList.add('turn');
}

async function move(button) {
  const buttons = document.querySelectorAll('[data-move]');
  if (button.getAttribute('aria-disabled') === 'true') return;
  buttons.forEach((b) => b.setAttribute('aria-disabled', 'true'));
  try {
    const what = button.dataset.move;
    const answer = await post('/api/clock', what === 'next' ? { next: true } : { advance: what });
    set(answer.now);
    if (answer.moved === false) toast('Aucun rappel n’est prévu.');
    else byId('now-said').textContent = `Il est maintenant ${hour(now())}, ${longDay(now())}.`;
  } catch (e) {
    toast(e.message, 'bad');
  } finally {
    buttons.forEach((b) => b.removeAttribute('aria-disabled'));
  }
}

export async function refresh() {
  set((await get('/api/clock')).now);
}

export function start() {
  document.querySelectorAll('[data-move]').forEach((b) => b.addEventListener('click', () => move(b)));
  setInterval(show, 1000);
}

// The phone: who you are, the conversation, what you answer.

import { gathered, get, post, upload } from './api.js';
import { byId, h, hidden, initials, sync, toast } from './dom.js';
import { bubbles, keyboard } from './message.js';

const maxFile = 20 * 1024 * 1024; // bytes
const roles = { candidate: 'Candidature', cape: 'CAPE', cesa: 'CESA', associate: 'Associé', member: 'Membre' };

const log = byId('log');
const text = byId('text');
const shown = new Map();
const unread = new Set();
let people = [];
let current = '';
let queue = Promise.resolve(); // what was said is sent in order
let waiting = 0;

const first = (name) => name.split(' ')[0];
export const person = (id) => people.find((p) => p.id === id);

export const load = gathered(async () => {
  const who = current;
  if (!who) return;
  const { messages } = await get('/api/chat?person=' + encodeURIComponent(who));
  if (who !== current) return load();
  render(messages);
});

function render(messages) {
  const opening = !shown.size;
  const below = log.scrollHeight - log.scrollTop - log.clientHeight; // what is hidden under the edge
  if (opening) log.setAttribute('aria-live', 'off');
  const list = bubbles(messages, { buttons: (m) => keyboard(m, tap) });
  if (!messages.length) list.push({ key: 'start', mark: '', make: welcome });
  const fresh = sync(log, list, shown);
  if (opening) setTimeout(() => log.setAttribute('aria-live', 'polite'), 200);
  if (opening || (fresh.length && below < 160) || fresh.some((el) => el.classList.contains('from-person'))) settle();
  else if (below < 160) log.scrollTop = log.scrollHeight - log.clientHeight - below;
}

// settle shows the newest message: its end, or its beginning when it is taller
// than the phone.
function settle() {
  log.scrollTop = log.scrollHeight;
  const newest = [...log.querySelectorAll('.message')].at(-1);
  if (newest && newest.offsetHeight > log.clientHeight - 24) log.scrollTop = newest.offsetTop - 12;
}

function welcome() {
  return h('div', { class: 'welcome' },
    h('p', {}, 'Touchez « Démarrer » pour dire bonjour à Relais.'),
    h('button', { type: 'button', class: 'button primary', onclick: () => { say('/start'); text.focus(); } }, 'Démarrer'));
}

// changed is told that someone's phone shows something new.
export function changed(id) {
  if (id === current) return load().catch(problem);
  const choice = byId('who').querySelector(`input[value="${CSS.escape(id)}"]`);
  if (!choice || unread.has(id)) return undefined;
  unread.add(id);
  choice.closest('label').append(h('span', { class: 'unread' }, hidden(' (nouveau message)')));
  toast(`Nouveau message sur le téléphone de ${first(person(id).name)}.`);
  return undefined;
}

function problem(e) {
  toast(e.message, 'bad');
}

// during shows that an answer is on its way.
async function during(work) {
  waiting += 1;
  const timer = setTimeout(() => { if (waiting) log.classList.add('waiting'); }, 300);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    waiting -= 1;
    if (!waiting) log.classList.remove('waiting');
  }
}

function inOrder(work) {
  const next = queue.then(() => during(work));
  queue = next.catch(() => {});
  return next;
}

async function say(words) {
  const who = current;
  try {
    await inOrder(() => post('/api/say', { person: who, text: words }));
    await load();
  } catch (e) {
    if (!text.value && !e.kept) text.value = words;
    grow();
    problem(e);
  }
}

async function tap(m, b, button) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  const who = current;
  const last = log.querySelector('.message:last-of-type');
  const all = button.closest('.keyboard').querySelectorAll('button');
  all.forEach((x) => x.setAttribute('aria-disabled', 'true'));
  button.classList.add('tapped');
  try {
    const answer = await inOrder(() => post('/api/tap', { person: who, message: m.id, button: b.id }));
    toast(answer.toast, '', 'device-toasts');
    await load();
    follow(last);
  } catch (e) {
    problem(e);
  } finally {
    all.forEach((x) => x.removeAttribute('aria-disabled'));
    button.classList.remove('tapped');
  }
}

// follow moves the focus to the question that came after a tap, so that the
// next Tab key reaches its buttons. A tap that only changed its own message
// keeps the focus where it was.
function follow(last) {
  const messages = [...log.querySelectorAll('.message')];
  const newest = messages.at(-1);
  const active = document.activeElement;
  const lost = !active || active === document.body;
  if (newest && newest.dataset.id !== (last && last.dataset.id)) {
    settle();
    if (lost || log.contains(active)) newest.focus({ preventScroll: true });
  } else if (lost && newest) {
    newest.focus({ preventScroll: true });
  }
}

async function sendFile(input) {
  const chosen = input.files[0];
  input.value = '';
  if (!chosen) return;
  if (chosen.size > maxFile) {
    toast('Ce fichier est trop lourd. La limite est de 20 Mo.', 'bad');
    return;
  }
  const who = current;
  try {
    await inOrder(() => upload(who, chosen));
    await load();
  } catch (e) {
    problem(e);
  }
}

function grow() {
  text.rows = Math.min(5, Math.max(1, text.value.split('\n').length));
}

function choose(id) {
  if (id === current) return;
  current = id;
  unread.delete(id);
  const p = person(id);
  byId('who').querySelector(`input[value="${CSS.escape(id)}"]`).closest('label').querySelector('.unread')?.remove();
  byId('who-line').textContent = p.about || 'Un robot, avec des humains derrière';
  shown.clear();
  log.replaceChildren();
  load().catch(problem);
}

function showPeople() {
  byId('who').replaceChildren(...people.map((p, i) => h('label', { class: 'one' },
    h('input', { type: 'radio', name: 'who', value: p.id, checked: i === 0, class: 'vh', onchange: () => choose(p.id) }),
    h('span', { class: `avatar tone-${p.tone}`, 'aria-hidden': 'true' }, initials(p.name)),
    h('span', { class: 'one-name' }, first(p.name)),
    h('span', { class: 'one-role' }, roles[p.role] || p.role))));
}

export async function start() {
  people = (await get('/api/people')).map((p, i) => ({ ...p, tone: i % 4 }));
  showPeople();
  byId('composer').addEventListener('submit', (e) => {
    e.preventDefault();
    const words = text.value;
    if (!words.trim()) return;
    text.value = '';
    grow();
    say(words);
  });
  text.addEventListener('input', grow);
  text.addEventListener('keydown', (e) => {
    if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
    e.preventDefault();
    byId('composer').requestSubmit();
  });
  byId('file').addEventListener('change', (e) => sendFile(e.target));
  choose(people[0].id);
}

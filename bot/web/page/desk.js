// The staff desk: cards to decide on, and a conversation with each person.

import { gathered, get, post } from './api.js';
import { byId, h, hour, initials, rich, shortDay, sync, toast } from './dom.js';
import { bubbles } from './message.js';
import { ask } from './ask.js';

const kinds = {
  pretest: 'Pré-test', declaration: 'Déclaration', contact: 'Demande de contact',
  question: 'Question', crisis: 'Urgence', late: 'Déclaration en retard',
};
const longText = 420; // characters of a card shown before « Lire la suite »

const cardsShown = new Map();
const threadsShown = new Map();
const unfolded = new Set(); // cards read whole
const known = new Set(); // cards seen open
let person = () => null;
let data = { cards: [], threads: [], staff: [] };
let filter = 'open';
let first = true;

export const load = gathered(async () => {
  data = await get('/api/desk');
  render();
});

function render() {
  staff();
  const open = data.cards.filter((c) => c.open);
  const done = data.cards.filter((c) => !c.open);
  count('count-open', open.length);
  count('count-done', done.length);
  count('tab-count', open.length);
  byId('tab-count').hidden = !open.length;
  announce(open);
  const list = (filter === 'open' ? open : done).toReversed();
  sync(byId('cards'), list.map((c) => ({ key: c.id, mark: JSON.stringify(c), make: (old) => card(c, old) })), cardsShown);
  const empty = byId('cards-empty');
  byId('begin').hidden = data.cards.length > 0;
  empty.hidden = list.length > 0 || !data.cards.length;
  empty.textContent = filter === 'open'
    ? 'Rien à traiter pour le moment. Une fiche arrive ici quand quelqu’un a besoin de l’équipe.'
    : 'Aucune fiche traitée pour le moment.';
  threads();
  first = false;
}

function count(id, n) {
  byId(id).textContent = String(n);
}

function staff() {
  const select = byId('staff');
  if (select.options.length) return;
  select.append(...data.staff.map((s) => h('option', { value: s.id }, s.name)));
}

// announce tells those who look at the phone that the desk has work.
function announce(open) {
  for (const c of open) {
    if (!known.has(c.id) && !first) toast(`Nouvelle fiche au bureau. ${c.title}`);
    known.add(c.id);
  }
}

const nameOf = (id) => (person(id) || {}).name || 'Nouvelle personne';

function tone(id) {
  const digits = [...id].reduce((n, c) => n + c.codePointAt(0), 0);
  return person(id) ? person(id).tone : digits % 4;
}

function avatar(id) {
  return h('span', { class: `avatar small tone-${tone(id)}`, 'aria-hidden': 'true' }, initials(nameOf(id)));
}

function card(c, old) {
  const title = 'card-' + c.id.replace(/[^\w-]/g, '-');
  const at = new Date(c.at);
  const el = h('article', { class: `card kind-${kinds[c.kind] ? c.kind : 'other'}${c.open ? '' : ' done'}`, 'aria-labelledby': title, 'data-card': c.id },
    h('p', { class: 'card-kind' }, h('span', { class: 'kind' }, kinds[c.kind] || 'Fiche'),
      c.open ? null : h('span', { class: 'kind state' }, 'Traitée'),
      h('time', { datetime: c.at }, `${shortDay(at)}, ${hour(at)}`)),
    h('h4', { id: title, tabindex: '-1' }, c.title),
    c.title.includes(nameOf(c.person)) ? null : h('p', { class: 'card-who' }, avatar(c.person), nameOf(c.person)),
    words(c),
    c.actions.length ? h('div', { class: 'actions', role: 'group', 'aria-label': 'Décider' },
      c.actions.map((a) => h('button', {
        type: 'button', class: 'button' + (a.style === 'primary' ? ' primary' : ''), 'data-action': a.id,
        'aria-haspopup': a.ask ? 'dialog' : null, onclick: (e) => act(c, a, e.currentTarget),
      }, a.label))) : null);
  if (old && old.contains(document.activeElement)) queueMicrotask(() => el.querySelector('h4').focus());
  return el;
}

function words(c) {
  if (!c.text) return null;
  const body = h('p', { class: 'words' }, rich(c.rich, c.text));
  if (c.text.length <= longText && c.text.split('\n').length <= 9) return body;
  const more = h('button', { type: 'button', class: 'more', onclick: () => fold(!unfolded.has(c.id)) });
  const fold = (whole) => {
    if (whole) unfolded.add(c.id); else unfolded.delete(c.id);
    body.classList.toggle('folded', !whole);
    more.setAttribute('aria-expanded', String(whole));
    more.textContent = whole ? 'Réduire' : 'Lire la suite';
  };
  fold(unfolded.has(c.id));
  return h('div', {}, body, more);
}

async function act(c, a, button) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  const buttons = button.closest('.actions').querySelectorAll('button');
  const send = async (text) => {
    buttons.forEach((b) => b.setAttribute('aria-disabled', 'true'));
    try {
      return await post('/api/desk/act', {
        card: c.id, action: a.id, text, staff: byId('staff').value, version: c.version,
      });
    } finally {
      buttons.forEach((b) => b.removeAttribute('aria-disabled'));
    }
  };
  try {
    const answer = a.ask ? await ask(a, `${c.title} · ${nameOf(c.person)}`, send) : await send('');
    if (!answer) return;
    toast(answer.toast || `C’est fait : ${a.label}.`);
    await load();
    const active = document.activeElement;
    if (!active || active === document.body) byId('cards-title').focus();
  } catch (e) {
    toast(e.message, 'bad');
  }
}

function threads() {
  const list = data.threads.toReversed();
  byId('threads-empty').hidden = list.length > 0;
  sync(byId('threads'), list.map((t) => ({
    key: t.person, mark: JSON.stringify(t), make: (old) => thread(t, old),
  })), threadsShown);
}

// thread builds a conversation once, then only changes its messages: what staff
// are typing stays.
function thread(t, old) {
  const el = old || emptyThread(t, data.threads.length === 1);
  const last = t.messages.at(-1);
  el.querySelector('.snippet').textContent = last ? last.text.replace(/\s+/g, ' ') : 'Pas encore de message';
  const box = el.querySelector('.lines');
  el.shown ||= new Map();
  sync(box, bubbles(t.messages, { names: true, author: (m) => (m.from === 'person' ? nameOf(t.person) : m.by) }), el.shown);
  const words = t.messages.filter((m) => m.from === 'person').length;
  if (words > (el.words || 0)) el.open = true; // someone waits for an answer
  el.words = words;
  box.hidden = !t.messages.length;
  box.scrollTop = box.scrollHeight;
  return el;
}

function emptyThread(t, open) {
  const id = 'answer-' + t.person.replace(/[^\w-]/g, '-');
  const text = h('textarea', { id, rows: '2', maxlength: '4096', placeholder: 'Écrire à ' + nameOf(t.person) });
  const form = h('form', { class: 'answer', onsubmit: (e) => { e.preventDefault(); answer(t.person, text); } },
    h('label', { class: 'vh', for: id }, 'Répondre à ' + nameOf(t.person)), text,
    h('button', { type: 'submit', class: 'button primary' }, 'Répondre'));
  return h('details', { class: 'thread', open, 'data-person': t.person, ontoggle: (e) => {
    const lines = e.currentTarget.querySelector('.lines');
    lines.scrollTop = lines.scrollHeight;
  } },
  h('summary', {}, avatar(t.person), h('span', { class: 'thread-name' }, nameOf(t.person)), h('span', { class: 'snippet' })),
  h('div', { class: 'lines', role: 'region', 'aria-label': 'Conversation avec ' + nameOf(t.person), tabindex: '0' }), form);
}

async function answer(to, text) {
  const words = text.value;
  if (!words.trim()) return;
  text.value = '';
  try {
    const said = await post('/api/desk/say', { person: to, text: words, staff: byId('staff').value });
    toast(said.toast);
    await load();
  } catch (e) {
    if (!text.value && !e.kept) text.value = words;
    toast(e.message, 'bad');
  }
}

export function start(findPerson) {
  person = findPerson;
  for (const name of ['open', 'done']) {
    byId('filter-' + name).addEventListener('click', () => {
      filter = name;
      byId('filter-open').setAttribute('aria-pressed', String(name === 'open'));
      byId('filter-done').setAttribute('aria-pressed', String(name === 'done'));
      render();
    });
  }
}

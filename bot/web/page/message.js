// One bubble, on the phone or in a thread of the desk.

import { h, hidden, hour, icon, link, longDay, rich } from './dom.js';

const authors = { bot: 'Relais', person: 'Vous', staff: 'L’équipe' };

// bubbles lists what to show for messages: the bubbles, and the day whenever it
// changes. options.author names who wrote; options.buttons builds the buttons.
export function bubbles(messages, options) {
  const list = [];
  let day = '';
  for (const m of messages) {
    const at = new Date(m.at);
    const today = longDay(at);
    if (today !== day) {
      day = today;
      list.push({ key: 'day ' + today, mark: '', make: () => h('p', { class: 'day' }, h('span', {}, today)) });
    }
    list.push({ key: m.id, mark: JSON.stringify(m), make: (old) => bubble(m, at, options, old) });
  }
  return list;
}

function bubble(m, at, options, old) {
  const author = (options.author && options.author(m)) || m.by || authors[m.from];
  const el = h('article', { class: `message from-${m.from}`, tabindex: '-1', 'data-id': m.id },
    h('div', { class: 'bubble' },
      options.names ? h('p', { class: 'author' }, author) : hidden(author + ' : '),
      m.file ? file(m.file) : null,
      m.text ? h('p', { class: 'words' }, rich(m.rich, m.text)) : null,
      h('p', { class: 'at' }, h('time', { datetime: m.at }, hour(at)))),
    m.reaction ? h('p', { class: 'reaction' }, hidden('Réaction : '), m.reaction) : null,
    options.buttons && m.buttons.length ? options.buttons(m) : null);
  if (old) keepFocus(old, el);
  return el;
}

// keepFocus gives the focus of a bubble that is about to be replaced to the
// same button of the new one.
function keepFocus(old, el) {
  const active = document.activeElement;
  if (!active || !old.contains(active)) return;
  const before = [...old.querySelectorAll('button, a')];
  const after = [...el.querySelectorAll('button, a')];
  const target = after.find((b) => b.dataset.button && b.dataset.button === active.dataset.button)
    || (before.length === after.length ? after[before.indexOf(active)] : null) || el;
  queueMicrotask(() => target.focus({ preventScroll: true }));
}

function file(f) {
  const about = f.image
    ? h('img', { src: f.url, alt: 'Photo : ' + f.name, class: 'photo', loading: 'lazy' })
    : [h('span', { class: 'file-icon' }, icon('file')), h('span', {}, f.name)];
  return h('a', { class: f.image ? 'picture' : 'file', href: f.url, download: f.name }, about);
}

// keyboard builds the rows of buttons of a message.
export function keyboard(m, tap) {
  const rows = new Map();
  for (const b of m.buttons) {
    const row = rows.get(b.row) || [];
    rows.set(b.row, row);
    row.push(b.url
      ? link(b.url, b.label, { class: 'choice' })
      : h('button', { type: 'button', class: 'choice', 'data-button': b.id, onclick: (e) => tap(m, b, e.currentTarget) }, b.label));
  }
  return h('div', { class: 'keyboard', role: 'group', 'aria-label': 'Réponses possibles' },
    [...rows.values()].map((row) => h('div', { class: 'row' }, row)));
}

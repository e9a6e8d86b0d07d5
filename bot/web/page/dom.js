// Elements, texts and dates. Whatever comes from people is set as text, never
// as markup.

const zone = 'Europe/Paris';

// h makes an element. Properties that start with "on" are listeners; true and
// false add or leave out an attribute; arrays of children are flattened.
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (name.startsWith('on')) el.addEventListener(name.slice(2), value);
    else if (value === true) el.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) el.setAttribute(name, value);
  }
  el.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== ''));
  return el;
}

export const byId = (id) => document.getElementById(id);

const svg = 'http://www.w3.org/2000/svg';

export function icon(name) {
  const el = document.createElementNS(svg, 'svg');
  el.setAttribute('class', 'icon');
  el.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(svg, 'use');
  use.setAttribute('href', '#i-' + name);
  el.append(use);
  return el;
}

// hidden is for those who listen.
export const hidden = (text) => h('span', { class: 'vh' }, text);

// safeLink lets only the kinds of link through that open a page, a call or a letter.
export function safeLink(url) {
  return /^(https?:\/\/|tel:|sms:|mailto:)/i.test(url || '') ? url : null;
}

export function link(url, text, props) {
  const href = safeLink(url);
  if (!href) return h('span', {}, text);
  const away = /^http/i.test(href);
  return h('a', {
    ...props, href, rel: 'noopener noreferrer', target: away ? '_blank' : null,
  }, text, away ? hidden(' (nouvel onglet)') : null);
}

// rich shows runs of text with their style.
export function rich(spans, plain) {
  if (!spans || !spans.length) return [plain || ''];
  return spans.map((s) => {
    if (s.u) return link(s.u, s.t);
    if (s.s === 'b') return h('strong', { class: s.t.length < 24 && !s.t.includes(' ') ? 'nobr' : null }, s.t);
    if (s.s === 'i') return h('em', {}, s.t);
    return document.createTextNode(s.t);
  });
}

const format = (options) => new Intl.DateTimeFormat('fr-FR', { timeZone: zone, ...options });
const clockFormat = format({ hour: 'numeric', minute: '2-digit', hourCycle: 'h23' });
const dayFormat = format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const shortFormat = format({ weekday: 'short', day: 'numeric', month: 'short' });
const parts = { week: format({ weekday: 'short' }), day: format({ day: 'numeric' }), month: format({ month: 'short' }) };

// hour is "9 h 05".
export function hour(date) {
  const p = Object.fromEntries(clockFormat.formatToParts(date).map((x) => [x.type, x.value]));
  return `${Number(p.hour)} h ${p.minute}`;
}

const first = (text) => text.replace(/(^|\s)1(?=\s)/, '$11er');

export const longDay = (date) => first(dayFormat.format(date));
export const shortDay = (date) => first(shortFormat.format(date));
export const leaf = (date) => ({
  week: parts.week.format(date), day: parts.day.format(date), month: parts.month.format(date),
});

// initials are at most two letters of a name.
export function initials(name) {
  return name.split(/[\s-]+/).filter(Boolean).map((w) => w[0]).slice(0, 2).join('').toUpperCase();
}

// toast says something for a few seconds, to eyes and to screen readers: at the
// side of the page, or on the phone.
export function toast(text, kind, where = 'toasts') {
  if (!text) return;
  const box = byId(where);
  const el = h('p', { class: 'toast' + (kind ? ' ' + kind : '') }, text);
  box.append(el);
  while (box.children.length > 2) box.firstChild.remove();
  const short = where !== 'toasts' && text.length < 30; // « C’est noté »
  setTimeout(() => el.remove(), short ? 2500 : Math.max(5000, text.length * 90));
}

// sync makes the children of box those of list, in order, keeping elements
// whose content did not change. item.key names one, item.mark is its content,
// item.make(old) builds it. It returns the elements that are new.
export function sync(box, list, shown) {
  const fresh = [];
  const keys = new Set(list.map((i) => i.key));
  for (const [key, old] of shown) {
    if (!keys.has(key)) {
      old.el.remove();
      shown.delete(key);
    }
  }
  let at = box.firstElementChild;
  for (const item of list) {
    const old = shown.get(item.key);
    let el = old && old.el;
    if (!old || old.mark !== item.mark) {
      el = item.make(old && old.el);
      if (old && old.el !== el) {
        if (at === old.el) at = el;
        old.el.replaceWith(el);
      }
      shown.set(item.key, { el, mark: item.mark });
      if (!old) fresh.push(el);
    }
    if (el === at) at = at.nextElementSibling;
    else box.insertBefore(el, at);
  }
  return fresh;
}

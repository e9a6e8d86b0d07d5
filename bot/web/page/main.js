// Puts the page together and keeps it up to date.

import { listen } from './api.js';
import * as clock from './clock.js';
import * as desk from './desk.js';
import { byId, toast } from './dom.js';
import * as phone from './phone.js';

// On a narrow window one of the two screens is shown at a time.
function tabs() {
  const names = ['phone', 'desk'];
  const show = (name) => {
    document.body.dataset.tab = name;
    for (const n of names) byId('tab-' + n).setAttribute('aria-current', String(n === name));
  };
  for (const n of names) byId('tab-' + n).addEventListener('click', () => show(n));
  show('phone');
}

function about() {
  const box = byId('about');
  byId('about-open').addEventListener('click', () => box.showModal());
  byId('about-close').addEventListener('click', () => box.close());
}

const quietly = (work) => work.catch((e) => toast(e.message, 'bad'));

async function start() {
  tabs();
  about();
  clock.start();
  desk.start(phone.person);
  await phone.start();
  await Promise.all([clock.refresh(), desk.load()]);
  let lost = null;
  let before = false;
  listen({
    up: () => {
      clearTimeout(lost);
      lost = null;
      byId('lost').hidden = true;
      if (before) quietly(Promise.all([phone.load(), desk.load(), clock.refresh()]));
      before = true;
    },
    down: () => { lost ||= setTimeout(() => { byId('lost').hidden = false; }, 2500); },
    person: (d) => phone.changed(d.person),
    desk: () => quietly(desk.load()),
    clock: (d) => clock.set(d.now),
  });
  document.documentElement.dataset.ready = 'true';
}

quietly(start());

// The question that goes with some decisions.

import { byId } from './dom.js';

// ask opens the dialog for an action and gives send the answer. It returns what
// send returned, or null when the person went back.
export function ask(action, about, send) {
  const box = byId('ask');
  const text = byId('ask-text');
  const error = byId('ask-error');
  byId('ask-title').textContent = action.label;
  byId('ask-card').textContent = about;
  byId('ask-label').textContent = action.ask + (action.required ? '' : ' (si vous voulez)');
  text.value = '';
  text.required = Boolean(action.required);
  complain('');
  box.showModal();
  text.focus();

  function complain(words) {
    error.textContent = words;
    text.setAttribute('aria-invalid', String(Boolean(words)));
  }

  return new Promise((done) => {
    let answer = null;
    const form = byId('ask-form');
    const submit = async (e) => {
      e.preventDefault();
      if (action.required && !text.value.trim()) {
        complain('Dites pourquoi, en quelques mots.');
        text.focus();
        return;
      }
      try {
        answer = await send(text.value.trim());
        box.close();
      } catch (problem) {
        complain(problem.message);
        text.focus();
      }
    };
    const back = () => box.close();
    form.addEventListener('submit', submit);
    byId('ask-cancel').addEventListener('click', back);
    box.addEventListener('close', () => {
      form.removeEventListener('submit', submit);
      byId('ask-cancel').removeEventListener('click', back);
      done(answer);
    }, { once: true });
  });
}

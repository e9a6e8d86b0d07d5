// The question that goes with some decisions.

import { byId } from './dom.js';

const box = byId('ask');
const text = byId('ask-text');
let asked = null; // the question in the dialog: its action, how to send, whom to tell

// ask opens the dialog for an action and gives send the answer. It returns what
// send returned, or null when the person went back.
export function ask(action, about, send) {
  finish(null);
  byId('ask-title').textContent = action.label;
  byId('ask-card').textContent = about;
  byId('ask-label').textContent = action.ask + (action.required ? '' : ' (si vous voulez)');
  text.value = '';
  text.required = Boolean(action.required);
  complain('');
  box.showModal();
  text.focus();
  return new Promise((done) => { asked = { action, send, done }; });
}

function finish(answer) {
  asked?.done(answer);
  asked = null;
}

function complain(words) {
  byId('ask-error').textContent = words;
  text.setAttribute('aria-invalid', String(Boolean(words)));
  if (words) text.focus();
}

byId('ask-form').addEventListener('submit', async (e) => {
  e.preventDefault();
  const question = asked;
  if (!question || question.sending) return;
  const { action, send } = question;
  if (action.required && !text.value.trim()) {
    complain('Dites pourquoi, en quelques mots.');
    return;
  }
  question.sending = true;
  try {
    const answer = await send(text.value.trim());
    if (asked === question) {
      box.close();
      finish(answer);
    }
  } catch (problem) {
    complain(problem.message);
  } finally {
    question.sending = false;
  }
});
byId('ask-cancel').addEventListener('click', () => box.close());
// The event of a dialog that was opened again meanwhile is of no interest.
box.addEventListener('close', () => { if (!box.open) finish(null); });

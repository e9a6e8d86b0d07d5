// The page's way to the program: JSON both ways, and one stream of events.

export class Refused extends Error {
  constructor(message, field, kept) {
    super(message);
    this.field = field;
    this.kept = Boolean(kept); // what was sent is safe: it must not be sent again
  }
}

async function call(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refused('Relais ne répond pas. Vérifiez qu’il est encore ouvert.', '');
  }
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const field = data.field || '';
    const text = String(data.error || 'Relais n’a pas pu répondre.');
    throw new Refused(sentence(field && text.startsWith(field + ' : ') ? text.slice(field.length + 3) : text), field, data.kept);
  }
  return data;
}

function sentence(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const get = (path) => call(path);

export const post = (path, body) => call(path, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

export function upload(person, file) {
  const form = new FormData();
  form.append('person', person);
  form.append('file', file);
  return call('/api/file', { method: 'POST', body: form });
}

// listen calls on[event](data) for each event, on.up() at each (re)connection
// and on.down() when it is lost.
export function listen(on) {
  const source = new EventSource('/api/events');
  source.onopen = () => on.up();
  source.onerror = () => {
    on.down();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(on), 3000);
  };
  for (const name of ['person', 'desk', 'clock']) {
    source.addEventListener(name, (e) => on[name](JSON.parse(e.data)));
  }
}

// gathered runs f once for many calls close together, and again if it was
// called meanwhile. It returns a promise of a run that began after the call.
export function gathered(f) {
  let running = null;
  let again = null;
  const start = () => {
    running = Promise.resolve().then(f).finally(() => { running = null; });
    return running;
  };
  return () => {
    if (!running) return start();
    again ||= running.catch(() => {}).then(() => { again = null; return start(); });
    return again;
  };
}

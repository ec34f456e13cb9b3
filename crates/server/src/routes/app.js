// The first page: who you are, what you may do, and signing in and out. It asks the API like every other client.

const find = (id) => document.getElementById(id);
const show = (id, visible) => { find(id).hidden = !visible; };

/** Why a sign-in failed, by the code in the address. */
const FAILURES = {
  'not-begun': 'That sign-in was not begun in this browser, or took too long. Please begin again.',
  'another-provider': 'The answer came from another provider than the one that was asked. Please begin again.',
  'refused': 'The provider did not sign you in.',
  'provider-away': 'The provider does not answer as it should. Try again in a moment; the server’s log says more.',
  'code-refused': 'The provider did not confirm the sign-in. Please begin again.',
  'token-not-believed': 'What the provider said could not be verified, so nobody was signed in. The server’s log says more.',
  'profile': 'What the provider says of you cannot be used here. The server’s log says more.',
  'server': 'The server could not sign you in. Its log says why.',
};

let me = null;

/** A request to the API. Resolves with the answer's status and body; rejects when there is none. */
async function ask(method, path, body) {
  const headers = { Accept: 'application/json' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && me?.session) headers['X-Indelible-Csrf'] = me.session.csrfToken;
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: 'no-store', redirect: 'error' });
  const text = await response.text();
  let parsed = null;
  try { parsed = text ? JSON.parse(text) : null; } catch { /* not ours, then */ }
  return { ok: response.ok, status: response.status, body: parsed, message: parsed?.error?.message ?? `The server answered ${response.status}.` };
}

function notice(text, bad = false) {
  const line = find('notice');
  line.textContent = text;
  line.classList.toggle('bad', bad);
  line.hidden = !text;
}

/** Shows one of the sections. */
function view(name) {
  for (const id of ['waiting', 'broken', 'signed-out', 'signed-in']) show(id, id === name);
  show('account', name === 'signed-in');
}

function broken(why) {
  find('broken-why').textContent = why;
  view('broken');
}

/** Looks who is signed in and shows what that means. */
async function load() {
  try {
    const answer = await ask('GET', '/api/v1/me');
    if (answer.ok) {
      me = answer.body;
      signedIn();
    } else if (answer.status === 401) {
      me = null;
      await signedOut();
    } else {
      broken(answer.message);
    }
  } catch {
    broken('There is no connection to it, or it is starting.');
  }
}

async function signedOut() {
  const answer = await ask('GET', '/auth/ways');
  if (!answer.ok) return broken(answer.message);
  const { providers, local } = answer.body;
  find('providers').replaceChildren(...providers.map((provider) => {
    const link = document.createElement('a');
    link.className = 'button';
    link.href = provider.url;
    link.textContent = `Sign in with ${provider.title}`;
    return link;
  }));
  show('local', local);
  show('or', local && providers.length > 0);
  show('nobody', !local && providers.length === 0);
  view('signed-out');
  if (local && providers.length === 0) find('password').focus();
}

function signedIn() {
  document.title = `${me.name} · Indelible`;
  find('account-name').textContent = me.name;
  find('greeting').textContent = me.name;
  facts([
    ['E-mail', me.email],
    ['Signed in by', me.provider ?? 'password'],
    ['Groups', me.groups?.join(', ')],
    ['Your id', me.principal, 'id'],
  ]);
  const rows = me.organizations.map(({ organization, operations }) => [organization, operations]);
  if (me.operations.length > 0) rows.unshift(['The platform', me.operations]);
  find('rows').replaceChildren(...rows.map(row));
  show('rights', rows.length > 0);
  show('filter-line', rows.length > 12);
  filter();
  show('nothing', rows.length === 0);
  find('whom').textContent = me.contact ? `Ask for a role: ${me.contact}` : 'Ask whoever runs this server, or whoever administers your organization, for a role.';
  find('grantee').textContent = `person:${me.principal}`;
  const ends = new Date(me.session.ends);
  const minutes = Math.max(1, Math.round(me.session.idleSeconds / 60));
  find('ends').textContent = `This one ends on ${ends.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}, or after ${minutes === 1 ? 'a minute' : `${minutes} minutes`} without use.`;
  view('signed-in');
}

function facts(pairs) {
  const nodes = pairs.filter(([, value]) => value).flatMap(([name, value, style]) => {
    const [term, fact] = [document.createElement('dt'), document.createElement('dd')];
    term.textContent = name;
    fact.textContent = value;
    if (style) fact.className = style;
    return [term, fact];
  });
  find('facts').replaceChildren(...nodes);
}

function row([where, operations]) {
  const line = document.createElement('tr');
  const [place, what, tags] = [document.createElement('td'), document.createElement('td'), document.createElement('ul')];
  place.textContent = where;
  tags.className = 'tags';
  tags.append(...operations.map((operation) => Object.assign(document.createElement('li'), { textContent: operation })));
  what.append(tags);
  line.append(place, what);
  return line;
}

function filter() {
  const wanted = find('filter').value.trim().toLowerCase();
  const rows = [...find('rows').children];
  for (const line of rows) line.hidden = !line.textContent.toLowerCase().includes(wanted);
  show('none-found', rows.length > 0 && rows.every((line) => line.hidden));
}

async function signInLocally(event) {
  event.preventDefault();
  const [button, fields] = [find('submit'), event.target.elements];
  const body = { name: fields.name.value, password: fields.password.value };
  if (!find('new').hidden) body.newPassword = fields.new.value;
  button.disabled = true;
  button.textContent = 'Signing in…';
  try {
    const answer = await ask('POST', '/auth/local', body);
    if (answer.ok) {
      event.target.reset();
      mustChange(false);
      notice('');
      await load();
      find('main').focus();
    } else if (answer.body?.error?.code === 'passwordMustChange') {
      mustChange(true);
    } else {
      notice(sentence(answer.message), true);
      fields.password.focus();
      fields.password.select();
    }
  } catch {
    notice('The server does not answer. Try again in a moment.', true);
  }
  button.disabled = false;
  button.textContent = 'Sign in';
}

function mustChange(so) {
  show('new', so);
  find('new-password').required = so;
  if (so) find('new-password').focus();
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;

async function signOut(everywhere) {
  try {
    const answer = await ask('POST', everywhere ? '/auth/sign-out-everywhere' : '/auth/sign-out');
    if (!answer.ok && answer.status !== 401) return notice(sentence(answer.message), true);
    const ended = answer.body?.ended ?? 1;
    notice(everywhere && ended > 1 ? `You have signed out of ${ended} sessions.` : 'You have signed out.');
    const there = answer.body?.providerSignOut;
    if (there) {
      const link = Object.assign(document.createElement('a'), { href: there, textContent: 'Sign out at the provider too' });
      find('notice').append(' ', link);
    }
    me = null;
    document.title = 'Indelible';
    await load();
  } catch {
    notice('The server does not answer: you may still be signed in.', true);
  }
}

async function copy() {
  const button = find('copy');
  try {
    await navigator.clipboard.writeText(find('grantee').textContent);
    button.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(find('grantee'));
    button.textContent = 'Press Ctrl+C';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 2000);
}

find('local').addEventListener('submit', signInLocally);
find('sign-out').addEventListener('click', () => signOut(false));
find('everywhere').addEventListener('click', () => signOut(true));
find('again').addEventListener('click', load);
find('look-again').addEventListener('click', load);
find('copy').addEventListener('click', copy);
find('filter').addEventListener('input', filter);
for (const place of document.querySelectorAll('.here')) place.textContent = location.origin;
// Whoever comes back to this page after a while sees whether the session is still there.
document.addEventListener('visibilitychange', async () => {
  if (document.hidden || !me) return;
  await load();
  if (!me) notice('Your session has ended.');
});

const failed = new URLSearchParams(location.search).get('failed');
if (failed) {
  notice(Object.hasOwn(FAILURES, failed) ? FAILURES[failed] : FAILURES.server, true);
  history.replaceState(null, '', '/');
}
load();

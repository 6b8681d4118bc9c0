// Runs inside Gradio's component, which gives `element`, `trigger`, `props`, `server` and `watch`.
// All text comes from the server as HTML that is escaped there; what is typed here is set as text only.

const at = (selector, within = element) => within.querySelector(selector);
const slot = (name) => at(`[data-slot="${name}"]`);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const wide = matchMedia('(min-width: 1000px)');
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const box = at('#say');
const log = at('.log');
const scroll = at('.scroll');
const tabs = new BroadcastChannel('parley');
const kept = {
    get: (name) => { try { return sessionStorage.getItem(`parley-${name}`) || ''; } catch { return ''; } },
    set: (name, text) => { try { sessionStorage.setItem(`parley-${name}`, text); } catch { /* keeps nothing */ } },
};

let session = '';       // the conversation of this tab; empty until its first message is answered
let writing = null;     // the answer being written: {token, message, node, retry, sent, heard}
let opened = 0;         // counts openings, so that a late answer to an earlier one is dropped

// ---- The server, which may be away for a while

// The name of the app that runs there, or nothing. While it loads, something else answers in its place.
const running = async () => {
    try {
        const answer = await fetch('gradio_api/app_id', { cache: 'no-store' });
        return answer.ok ? await answer.text() : '';
    } catch {
        return '';
    }
};
const first = running();

async function awake() {
    for (;;) {
        const app = await running();
        at('.away').hidden = Boolean(app);
        if (app) return app;
        await pause(1500);
    }
}

// Gradio gives undefined both for a server that is away and for one that failed. So it is asked once more when
// it is there; a verb may be asked for twice. One that fails then as well does not fit this page if it was
// started since: the page is loaded anew.
async function call(verb, asked = {}) {
    for (let tried = ''; ;) {
        const answer = await server[verb](asked);
        if (answer) {
            if (answer.error || answer.notice) notice(answer.error || answer.notice);
            return answer;
        }
        const app = await awake();
        if (app === tried) {
            if (app !== await first) location.reload();
            notice('That did not work; the service’s log says why.');
            return { error: 'failed' };
        }
        tried = app;
    }
}

function notice(text) {
    at('.notice').textContent = text;
    at('.notice').hidden = !text;
}

// ---- HTML from the server

function parsed(html) {
    const template = document.createElement('template');
    template.innerHTML = html;
    return template.content;
}

// Changes `old` into `fresh` where they differ, so that focus, open details and what was read out stay.
function morph(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
        if (old.data !== fresh.data) old.data = fresh.data;
        return;
    }
    for (const { name } of [...old.attributes]) {
        if (name !== 'open' && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
        if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
    const before = [...old.childNodes];
    const after = [...fresh.childNodes];
    after.forEach((node, place) => {
        const mate = before[place];
        if (!mate) old.append(node);
        else if (mate.nodeName === node.nodeName && mate.id === node.id) morph(mate, node);
        else mate.replaceWith(node);
    });
    before.slice(after.length).forEach((node) => node.remove());
}

// ---- Conversations

const lastTurn = () => log.lastElementChild;

async function open(wanted, { keep = false } = {}) {
    const mine = ++opened;
    const shown = await call('open', wanted);
    if (mine !== opened || writing) return;
    if (shown.error) {
        if (wanted.session) await open({ new: true }, {});
        if (shown.error) notice(shown.error);
        return;
    }
    if (!keep) notice('');
    session = shown.session;
    settle(shown);
    if (keep) mergeTurns(parsed(shown.log));
    else log.replaceChildren(parsed(shown.log));
    offerEarlier();
    greet(shown.greeting);
    remember();
    if (!keep) toLast(false);
}

const placeOf = (turn) => Number(turn?.dataset.position ?? 0);

// The latest turns as they are now; earlier ones that are shown stay.
function mergeTurns(fresh) {
    const turns = [...fresh.children];
    const ids = new Set(turns.map((turn) => turn.dataset.turn));
    for (const old of [...log.children]) {
        if (!ids.has(old.dataset.turn) && placeOf(old) >= placeOf(turns[0])) old.remove();
    }
    for (const turn of turns) {
        const old = at(`.turn[data-turn="${CSS.escape(turn.dataset.turn)}"]`, log);
        if (old) morph(old, turn);
        else log.append(turn);
    }
}

function offerEarlier() {
    at('.earlier').hidden = placeOf(log.firstElementChild) === 0;
}

function settle(shown) {
    slot('sessions').replaceChildren(parsed(shown.sessions));
    const current = at(`#side li[data-session="${CSS.escape(session)}"]`);
    slot('title').textContent = current ? at('.name', current).textContent : '';
    document.title = current ? `${slot('title').textContent} · Parley` : 'Parley';
    if (current) at('.open', current).setAttribute('aria-current', 'page');
}

function greet(greeting) {
    if (greeting) slot('greeting').replaceChildren(parsed(greeting));
    slot('greeting').hidden = Boolean(lastTurn());
}

// The address names the conversation, so that each tab keeps its own over a reload.
function remember() {
    history.replaceState(null, '', `#${session || 'new'}`);
}

const wantedHere = () => {
    const name = location.hash.slice(1);
    return name === 'new' ? { new: true } : { session: name };
};

function toLast(smooth) {
    const last = lastTurn();
    if (!last) return;
    const top = last.offsetTop - scroll.offsetTop - 16;
    scroll.scrollTo({ top, behavior: smooth && !calm.matches ? 'smooth' : 'instant' });
}

async function earlier() {
    const shown = await call('earlier', { session, before: placeOf(log.firstElementChild) });
    if (shown.error) return;
    const below = scroll.scrollHeight - scroll.scrollTop;
    log.prepend(parsed(shown.log));
    scroll.scrollTop = scroll.scrollHeight - below;
    offerEarlier();
    if (at('.earlier').hidden) scroll.focus({ preventScroll: true });
}

// ---- Saying something

const token = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16)).join('');

function pending(message) {
    const node = parsed('<article class="turn writing"><div class="said mine"><span class="unseen">You: </span>'
        + '<p dir="auto"></p></div><div class="said theirs"><span class="unseen">Parley: </span>'
        + '<p class="dots"><span class="unseen">Parley is writing</span><i></i><i></i><i></i></p>'
        + '</div></article>').firstChild;
    at('p', node).textContent = message;
    return node;
}

async function say(message, retry = '') {
    if (!message.trim() || writing) return;
    notice('');
    const node = pending(message);
    if (retry) lastTurn().replaceWith(node);
    else log.append(node);
    const mine = { token: token(), message, node, retry };
    writing = mine;
    busy(true);
    slot('greeting').hidden = true;
    kept.set('unanswered', message);
    toLast(true);
    await awake();
    if (writing !== mine) return;
    mine.sent = true;
    trigger('say', { token: mine.token, message, session, retry });
    for (;;) {
        await pause(2000);
        if (writing !== mine) return;
        if (!(await running())) await lost(mine);
    }
}

function busy(on) {
    at('.send').hidden = on;
    at('.stop').hidden = !on;
    element.classList.toggle('busy', on);
}

// The value of the component is the answer so far: a turn as a whole, so that a step that is passed over
// because the next one is there already is not missed.
watch('value', () => {
    const shown = props.value;
    if (!shown || !writing || shown.token !== writing.token) return;
    if (shown.error) return failed(shown);
    writing.heard = Date.now();
    morph(writing.node, parsed(shown.turn).firstElementChild);
    if (shown.done) finished(shown);
});

function finished(shown) {
    const begins = session !== shown.session;
    const before = writing.node.previousElementSibling;
    writing.node.dataset.position = before ? placeOf(before) + 1 : 0;
    writing = null;
    kept.set('unanswered', '');
    busy(false);
    session = shown.session;
    settle(shown);
    if (begins) remember();
    told();
    refreshPanel();
}

function failed({ error, gone }) {
    const { message, node, retry } = writing;
    writing = null;
    busy(false);
    kept.set('unanswered', '');
    node.remove();
    if (!retry && !box.value.trim()) write(message);
    if (gone) session = '';
    notice(error);
    if (retry || gone) open({ session, new: !session }, { keep: true });
    greet('');
    box.focus();
}

// The server went away in the middle of an answer. Unless the answer goes on when it is back, it was cut off, and
// Gradio's stream with it: the page is loaded anew, and a message that was not answered goes back into the box.
async function lost(mine) {
    await awake();
    const back = Date.now();
    await pause(3000);
    if (writing === mine && !(mine.heard > back)) location.reload();
}

function giveBack() {
    const message = kept.get('unanswered');
    kept.set('unanswered', '');
    const last = lastTurn() && at('.mine p', lastTurn());
    if (!message || (last && last.textContent === message)) return;
    write(message);
    notice('Your last message was not answered; it is back in the box.');
}

function write(text) {
    box.value = text;
    grow();
}

function grow() {
    box.style.height = 'auto';
    box.style.height = `${box.scrollHeight}px`;
    kept.set('draft', box.value);
}

function submit() {
    const message = box.value;
    if (!message.trim() || writing) return;
    write('');
    say(message);
}

// ---- Cards

async function onCard(button, verb, asked) {
    const card = button.closest('.card');
    const answers = at('.answers', card);
    if (answers.getAttribute('aria-busy') === 'true') return;
    answers.setAttribute('aria-busy', 'true');
    const turn = card.closest('.turn').dataset.turn;
    const answer = await call(verb, { session, turn, item: card.dataset.item, ...asked });
    answers.removeAttribute('aria-busy');
    if (!answer.answers) return;
    for (const part of [...parsed(answer.answers).children]) morph(at(`.${part.className}`, answers), part);
    card.classList.toggle('hidden-item', answer.hidden);
    if (!answers.contains(document.activeElement)) at('button', answers).focus();
    told();
    refreshPanel();
}

// ---- Panels: beside the conversation where there is room, over it where there is not

const drawers = { side: at('#side'), panel: at('#panel') };
const opener = (name) => at(`.top [data-do="${name}"]`);
let drawer = '';
let panelShown = false;

function drawn() {
    const over = !wide.matches && drawer;
    drawers.side.classList.toggle('open', over === 'side');
    drawers.panel.hidden = wide.matches ? !panelShown : false;
    drawers.panel.classList.toggle('open', over === 'panel');
    element.classList.toggle('with-panel', wide.matches && panelShown);
    element.classList.toggle('under-drawer', Boolean(over));
    for (const part of [at('.top'), at('.talk')]) part.inert = Boolean(over);
    drawers.side.inert = !wide.matches && over !== 'side';
    drawers.panel.inert = !wide.matches && over !== 'panel';
    opener('side').setAttribute('aria-expanded', String(over === 'side'));
    opener('panel').setAttribute('aria-expanded', String(panelVisible()));
}

const panelVisible = () => (wide.matches ? panelShown : drawer === 'panel');

function unfold(name) {
    if (name === 'panel') panelShown = true;
    drawer = name;
    drawn();
    at('h2', drawers[name]).focus();
    if (name === 'panel') refreshPanel();
}

function fold() {
    const name = drawer || (panelShown ? 'panel' : '');
    if (name === 'panel') panelShown = false;
    drawer = '';
    drawn();
    if (name) opener(name).focus();
}

async function refreshPanel() {
    if (panelVisible()) showBeliefs(await call('beliefs'));
}

function showBeliefs(answer) {
    if (answer.beliefs) morphChildren(slot('beliefs'), parsed(answer.beliefs));
}

// ---- Other tabs of this browser

function told() {
    tabs.postMessage({ session });
}

tabs.addEventListener('message', ({ data }) => {
    if (writing) return;
    open({ session, new: !session }, { keep: true });
    if (data.session === session) refreshPanel();
});

// ---- Questions before what cannot be undone

function ask(title, text, yes, { value = null, danger = false } = {}) {
    const dialog = at('#ask');
    const [input, button] = [at('input', dialog), at('.yes', dialog)];
    at('h2', dialog).textContent = title;
    at('p', dialog).textContent = text;
    at('p', dialog).hidden = !text;
    button.textContent = yes;
    button.classList.toggle('danger', danger);
    input.hidden = value === null;
    input.value = value || '';
    dialog.returnValue = '';
    dialog.showModal();
    if (value !== null) input.select();
    return new Promise((done) => {
        dialog.addEventListener('close', () => done(dialog.returnValue && (input.value || 'yes')), { once: true });
    });
}

// ---- What the buttons do

const rowOf = (button) => button.closest('li');

const verbs = {
    say: (button) => say(button.textContent),
    stop: () => {
        if (!writing) return;
        if (writing.sent) call('stop', { token: writing.token });
        else failed({ error: '' });
    },
    retry: (button) => {
        const turn = button.closest('.turn');
        say(at('.mine p', turn).textContent, turn.dataset.turn);
        box.focus();
    },
    more: (button) => say(`More like ${at('.title', button.closest('.card')).textContent}`),
    react: (button) => onCard(button, 'react', {
        action: button.dataset.action, on: button.getAttribute('aria-pressed') !== 'true',
    }),
    undo: (button) => onCard(button, 'react', { action: button.dataset.action, on: false }),
    hide: (button) => onCard(button, 'hide', { hidden: true }),
    unhide: (button) => onCard(button, 'hide', { hidden: false }),
    earlier,
    new: async () => {
        if (writing) return;
        if (drawer) fold();
        await open({ new: true });
        box.focus();
    },
    open: async (link, event) => {
        event.preventDefault();
        if (writing) return;
        if (drawer) fold();
        await open({ session: rowOf(link).dataset.session });
        box.focus();
    },
    rename: async (button) => {
        const row = rowOf(button);
        const title = await ask('Rename this conversation', '', 'Rename', { value: at('.name', row).textContent });
        if (!title) return;
        const answer = await call('rename', { session: row.dataset.session, title });
        if (answer.sessions) settle(answer);
        at(`#side li[data-session="${CSS.escape(row.dataset.session)}"] .open`)?.focus();
        told();
    },
    delete: async (button) => {
        const row = rowOf(button);
        const sure = await ask('Delete this conversation?',
            'Its messages go for good. What Parley learned from it stays until you remove that too.',
            'Delete', { danger: true });
        if (!sure || writing) return;
        const answer = await call('delete', { session: row.dataset.session });
        if (row.dataset.session === session) await open({ new: true });
        else if (answer.sessions) settle(answer);
        at('.new').focus();
        told();
    },
    forget: async (button) => {
        const row = rowOf(button);
        const place = [...drawers.panel.querySelectorAll('[data-do="forget"]')].indexOf(button);
        const answer = await call('forget', { key: row.dataset.key });
        showBeliefs(answer);
        const left = drawers.panel.querySelectorAll('[data-do="forget"]');
        (left[Math.min(place, left.length - 1)] || at('h2', drawers.panel)).focus();
        open({ session, new: !session }, { keep: true });
        told();
    },
    consent: (radio) => call('consent', { consent: radio.value }),
    erase: async () => {
        const sure = await ask('Delete everything about you?',
            'All conversations, likes and settings go for good. This cannot be undone.',
            'Delete all', { danger: true });
        if (!sure || writing) return;
        const answer = await call('erase');
        if (drawer) fold();
        await open({ new: true });
        if (answer.notice) notice(answer.notice);
        refreshPanel();
        told();
        box.focus();
    },
    someone: async () => {
        const sure = await ask('Start as someone new?',
            'This browser forgets who you were; what was kept of you stays, but nobody can open it from here.',
            'Start anew', { danger: true });
        if (!sure) return;
        await awake();
        if (!(await fetch('new', { method: 'POST' })).ok) return notice('That did not work; reload the page.');
        kept.set('draft', '');
        location.hash = 'new';
        location.reload();
    },
    cancel: () => at('#ask').close(''),
    side: () => unfold('side'),
    panel: () => (panelVisible() ? fold() : unfold('panel')),
    close: fold,
    theme: () => window.parleyTheme(),
};

element.addEventListener('click', (event) => {
    const button = event.target.closest('[data-do]');
    if (button && element.contains(button) && !button.disabled) verbs[button.dataset.do](button, event);
});

at('[data-form="say"]').addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
});

box.addEventListener('keydown', (event) => {
    // Enter that ends the choice of a character (isComposing) is none of ours.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
});

box.addEventListener('input', grow);

document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || at('#ask').open) return;
    if (drawer && !wide.matches) fold();
    else if (panelShown && drawers.panel.contains(document.activeElement)) fold();
    else if (writing) verbs.stop();
});

window.addEventListener('hashchange', () => {
    if (!writing && location.hash.slice(1) !== (session || 'new')) open(wantedHere());
});

document.addEventListener('parley-theme', themed);
function themed() {
    opener('theme').setAttribute('aria-pressed', String(document.documentElement.dataset.theme === 'dark'));
}

wide.addEventListener('change', () => { drawer = ''; drawn(); });

themed();
drawn();
write(kept.get('draft'));
open(wantedHere()).then(() => {
    giveBack();
    if (wide.matches) box.focus();
});

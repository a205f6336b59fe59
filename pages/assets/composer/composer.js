// Keeps what is typed but not sent yet while this tab is away from the chat: at the sign-in, or after a reload.
//
// The text stays in this tab (session storage) with the person and the conversation that it is for. Nobody else gets
// it back, and it goes when it is sent, at a log-out, and with the tab.

const KEPT = "assistant-composer";
const FIELD = '[data-testid="stChatInputTextArea"]';
const WAIT_MS = 10000;             // how long the field may take to be there after a load of the page
const SENT_MS = 400;               // by then the field is empty, if its text was sent

let own = null;                    // {person, conversation}: whose text this is; null where nobody may keep one
let looked = false;                // once for each load of the page: later the field itself keeps its text

export default function ({ data }) {
  listen();
  own = data.person ? { person: data.person, conversation: data.conversation } : null;
  if (!own || kept()?.person !== own.person) forget();
  if (!own) return;
  if (!looked) {
    looked = true;
    restore();
  } else {
    keep();                        // the text goes along to another conversation, as it stands in the field
  }
}

function listen() {
  if (window.assistantComposerListens) return;
  window.assistantComposerListens = true;
  const first = { capture: true };
  document.addEventListener("input", (event) => { if (event.target.matches?.(FIELD)) keep(); }, first);
  for (const kind of ["keydown", "click"]) {
    document.addEventListener(kind, (event) => { if (leaves(event)) leave(); else if (sends(event)) setTimeout(keep, SENT_MS); }, first);
  }
  window.addEventListener("pagehide", keep);
}

function leaves(event) {
  return event.type === "click" && event.target.closest?.('a[href^="/auth/logout"]');
}

function leave() {
  own = null;                      // also for what this page would keep while it goes
  forget();
}

function sends(event) {
  if (event.type === "keydown") return event.key === "Enter" && event.target.matches?.(FIELD);
  return Boolean(event.target.closest?.('[data-testid="stChatInput"]'));
}

function kept() {
  try { return JSON.parse(sessionStorage.getItem(KEPT)); } catch { return null; }
}

function keep() {
  const field = document.querySelector(FIELD);
  if (!own || !field) return;      // where the field is gone, what was typed last stays
  if (field.value.trim() === "") forget();
  else store({ ...own, text: field.value });
}

function store(value) {
  try { sessionStorage.setItem(KEPT, JSON.stringify(value)); } catch { /* no room: it is not kept */ }
}

function forget() {
  try { sessionStorage.removeItem(KEPT); } catch { /* then there is nothing of ours either */ }
}

function restore() {
  const found = kept();
  if (!found || found.conversation !== own.conversation || typeof found.text !== "string") return;
  const until = performance.now() + WAIT_MS;
  const put = () => {
    const field = document.querySelector(FIELD);
    if (field && !field.disabled) fill(field, found.text);
    else if (performance.now() < until) requestAnimationFrame(put);
  };
  put();
}

function fill(field, text) {
  if (field.value) return;         // what the app put there itself goes first
  // React looks at its own record of the value, so the browser's own setter has to be used.
  Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

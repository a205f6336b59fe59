// Streams files to the upload route straight from Streamlit's own uploader, which would hold them in memory.
//
// The uploader stays what people see and use, by mouse and by keyboard; files picked in it or dropped anywhere on the
// page are taken here before it sees them. Where this script does not run, the uploader works as it always did.
// Uploads belong to the tab, not to the page of the app: they go on while the person is on another page of it.

const AT_ONCE = 3;
const ROWS = 8;                    // files listed one by one; the rest is counted
const MOST_IN_FOLDERS = 5000;      // files taken from a dropped folder
const TELL_MS = 2000;              // how often the page is drawn anew while files come in
const UNDER_WAY = ["waiting", "sending", "storing"];

const zones = new Map();           // key of a drawn component -> what its uploader is for; the last one is on top
let jobs = [];
let lastNumber = 0;

export default function ({ key, data, parentElement, setTriggerValue }) {
  const zone = { data, view: view(parentElement), tell: teller(setTriggerValue) };
  zones.delete(key);
  zones.set(key, zone);
  listen();
  draw();
  return () => {
    if (zones.get(key) === zone) zones.delete(key);
    highlight(false);
  };
}

// --- what people see ---

function view(parent) {
  let root = parent.querySelector(".uploads");
  if (!root) {
    root = element("div", "uploads");
    root.append(element("p", "said"), element("ul", "files"));
    root.querySelector(".said").setAttribute("role", "status");
    root.querySelector(".files").setAttribute("aria-label", "Files being uploaded");
    parent.append(root);
  }
  return root;
}

function draw() {
  for (const [key, zone] of zones) {
    const own = jobs.filter((job) => job.zone === key);
    const shown = own.filter((job) => job.state !== "done");
    const listed = shown.filter((job) => job.state !== "waiting").concat(shown.filter((job) => job.state === "waiting"));
    keepRows(zone.view.querySelector(".files"), listed.slice(0, ROWS));
    say(zone.view.querySelector(".said"), summary(own, listed.length - ROWS));
    zone.view.hidden = own.length === 0;
  }
}

function summary(own, hidden) {
  const done = own.filter((job) => job.state === "done");
  const left = own.filter((job) => UNDER_WAY.includes(job.state)).length;
  const lines = done.length <= 3 ? done.map((job) => `${job.name} ${job.message}`) : [`${done.length} files have arrived.`];
  if (left && own.length > 1) lines.push(`${own.length - left} of ${own.length} files sent.`);
  if (hidden > 0) lines.push(`${hidden} more ${hidden === 1 ? "is" : "are"} not listed here.`);
  return lines.join("\n");
}

function say(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

function keepRows(list, wanted) {
  const rows = new Map([...list.children].map((row) => [Number(row.dataset.number), row]));
  for (const job of wanted) {
    const row = rows.get(job.number) ?? list.appendChild(newRow(job));
    rows.delete(job.number);
    fill(row, job);
  }
  for (const gone of rows.values()) gone.remove();
}

function newRow(job) {
  const row = element("li", "file");
  row.dataset.number = job.number;
  const name = element("span", "name");
  name.textContent = name.title = job.name;
  const bar = element("progress", "bar");
  bar.max = Math.max(job.file.size, 1);
  bar.setAttribute("aria-label", `Upload of ${job.name}`);
  const again = button("Try again", `Try again to upload ${job.name}`, () => retry(job));
  again.classList.add("again");
  row.append(name, element("span", "state"), again, button("", "", () => end(job)), bar);
  row.querySelector("button:not(.again)").classList.add("end");
  return row;
}

function fill(row, job) {
  const active = UNDER_WAY.includes(job.state);
  row.className = `file ${job.state}`;
  const bar = row.querySelector(".bar");
  bar.hidden = !active;
  bar.value = job.loaded;
  const state = row.querySelector(".state");
  say(state, told(job));
  state.setAttribute("role", job.state === "refused" ? "alert" : "none");
  row.querySelector(".again").hidden = !(job.state === "refused" && job.again);
  const end = row.querySelector(".end");
  end.textContent = active ? "Cancel" : "Dismiss";
  end.setAttribute("aria-label", active ? `Cancel the upload of ${job.name}` : `Dismiss what is said of ${job.name}`);
}

function told(job) {
  if (job.state === "waiting") return `waiting · ${size(job.file.size)}`;
  if (job.state === "storing") return "stored in a moment";
  if (job.state !== "sending") return job.message;
  const seconds = (performance.now() - job.since) / 1000;
  const speed = seconds > 1 ? job.loaded / seconds : 0;
  const rest = speed ? ` · ${size(speed)}/s · ${left((job.file.size - job.loaded) / speed)}` : "";
  return `${size(job.loaded)} of ${size(job.file.size)}${rest}`;
}

function left(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s left`;
  return `${Math.ceil(seconds / 60)} min left`;
}

function size(bytes) {
  for (const [unit, factor] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (bytes >= factor) return `${(bytes / factor).toFixed(bytes < 10 * factor ? 1 : 0)} ${unit}`;
  }
  return `${Math.round(bytes)} bytes`;
}

function element(kind, name) {
  const made = document.createElement(kind);
  made.className = name;
  return made;
}

function button(label, spoken, act) {
  const made = element("button", "");
  made.type = "button";
  made.textContent = label;
  if (spoken) made.setAttribute("aria-label", spoken);
  made.addEventListener("click", act);
  return made;
}

// --- files that are picked or dropped ---

function listen() {
  if (window.assistantUploadsListen) return;
  window.assistantUploadsListen = true;
  const first = { capture: true };  // before Streamlit's own uploader
  document.addEventListener("change", picked, first);
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) document.addEventListener(kind, dragged, first);
  window.addEventListener("beforeunload", (event) => {
    if (jobs.some((job) => UNDER_WAY.includes(job.state))) event.preventDefault();
  });
}

function picked(event) {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || input.type !== "file") return;
  const found = [...zones].find(([, zone]) => input.closest(zone.data.zone));
  if (!found) return;
  event.stopImmediatePropagation();
  const files = [...input.files];
  input.value = "";
  take(found[0], files);
}

function dragged(event) {
  const top = [...zones].at(-1);
  if (!top || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.type === "drop") {
    highlight(false);
    filesOf(event.dataTransfer).then((files) => take(top[0], files));
  } else {
    highlight(event.type !== "dragleave" || event.relatedTarget !== null);
  }
}

function highlight(on) {
  for (const zone of zones.values()) {
    const area = document.querySelector(`${zone.data.zone} [data-testid="stFileUploaderDropzone"]`);
    if (area) area.style.outline = on ? "2px dashed currentColor" : "";
  }
}

async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.name.startsWith(".") || found.length >= MOST_IN_FOLDERS) return;
  if (entry.isFile) {
    found.push(await new Promise((done, failed) => entry.file(done, failed)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}

function take(key, files) {
  const { data } = zones.get(key) ?? {};
  if (!data) return;
  if (!jobs.some((job) => UNDER_WAY.includes(job.state))) jobs = [];
  for (const file of data.single ? files.slice(0, 1) : files) {
    const large = file.size > data.mostMb * 1e6;
    const message = large ? `is larger than the limit of ${data.mostMb} MB. Split it and upload the parts.` : "";
    const state = large ? "refused" : "waiting";
    jobs.push({ number: ++lastNumber, zone: key, data, file, name: file.name, state, loaded: 0, message, again: false });
  }
  goOn();
}

// --- sending ---

function goOn() {
  const free = AT_ONCE - jobs.filter((job) => ["sending", "storing"].includes(job.state)).length;
  jobs.filter((job) => job.state === "waiting").slice(0, Math.max(free, 0)).forEach(send);
  draw();
}

function send(job) {
  const request = new XMLHttpRequest();
  Object.assign(job, { state: "sending", loaded: 0, since: performance.now(), request });
  request.open("PUT", `${job.data.path}?${query(job)}`);
  request.setRequestHeader(job.data.mark[0], job.data.mark[1]);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.upload.onprogress = (event) => { job.loaded = Math.min(event.loaded, job.file.size); draw(); };
  request.upload.onload = () => { if (job.state === "sending") { job.state = "storing"; draw(); } };
  request.onload = () => ended(job, request);
  request.onerror = () => refuse(job, "The connection broke, so the file was not stored.", true);
  request.send(job.file);
}

function query(job) {
  const { space, replaces, expected } = job.data;
  const asked = { name: job.name, space, replaces, expected };
  return new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== null && value !== undefined));
}

function ended(job, request) {
  let told = {};
  try { told = JSON.parse(request.responseText); } catch { /* a proxy in between may answer in its own way */ }
  if (request.status === 200 || request.status === 201) {
    Object.assign(job, { state: "done", name: told.name ?? job.name, message: job.data.said[told.outcome] ?? "" });
    zones.get(job.zone)?.tell(!jobs.some((other) => UNDER_WAY.includes(other.state)));
    goOn();
  } else {
    const reference = told.reference ? ` (Reference ${told.reference})` : "";
    const sentence = told.message ?? `The server answered ${request.status}, so the file was not stored.`;
    refuse(job, sentence + reference, request.status >= 500 || request.status === 408);
  }
}

function refuse(job, message, again) {
  if (job.state === "cancelled") return;
  Object.assign(job, { state: "refused", message, again });
  goOn();
}

function retry(job) {
  Object.assign(job, { state: "waiting", loaded: 0, message: "" });
  goOn();
}

function end(job) {
  const active = UNDER_WAY.includes(job.state);
  job.state = "cancelled";
  if (active) job.request?.abort();
  jobs = jobs.filter((other) => other !== job);
  goOn();
}

function teller(setTriggerValue) {
  let told = -Infinity;
  return (last) => {
    if (!last && performance.now() - told < TELL_MS) return;
    told = performance.now();
    setTriggerValue("uploaded", lastNumber);
  };
}

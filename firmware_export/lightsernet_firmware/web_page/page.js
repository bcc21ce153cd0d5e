// SPDX-License-Identifier: Apache-2.0
// The page: from the microphone or a recording, through the engine, to what is shown.

import { eventFields, openListener } from "./listener.js";
import { openMicrophone } from "./microphone.js";
import { readRecording } from "./recording.js";
import { Ribbon } from "./ribbon.js";
import { levelDb } from "./samples.js";
import { View, showError } from "./view.js";

// Hours of speech without a pause.
const MOST_EVENTS = 20000;
// Of a recording, between two looks at what the user does.
const PART_S = 0.5;
const REFRESH_MS = 100;
// Utterances of a recording that a screen reader is told of by one.
const MOST_SAID = 12;

const element = (id) => document.getElementById(id);

async function fetched(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: the server answers ${response.status}`);
  return response;
}

async function load() {
  const [engine, model] = await Promise.all(
    ["engine.wasm", "model.lsn"].map(async (name) => new Uint8Array(await (await fetched(name)).arrayBuffer())),
  );
  try {
    return await openListener(engine, model, { provisional: true });
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw new Error(`model.lsn: ${error.message}`);
    throw new Error("this browser is too old: it needs WebAssembly with SIMD (Chrome 91, Firefox 89, Safari 16.4)");
  }
}

/** What is known of the model; of another model than that which was opened, nothing. */
async function describe(hash) {
  const facts = [["Model", hash]];
  const file = await fetched("model.json").then((response) => response.json(), () => ({}));
  if (!String(file.sha256).startsWith(hash)) return facts;
  const { name, data, score } = file;
  facts[0] = ["Model", `${name}, SHA-256 ${hash} …`];
  if (data) {
    const speakers = data.speakers > 0 ? ` of ${data.speakers} speakers` : "";
    facts.push(["Learned from", `${data.name}, ${data.clips} clips${speakers}${data.source ? `: ${data.source}` : ""}`]);
    if (data.licence) facts.push(["Licence of the data", data.licence]);
  }
  if (score) facts.push(["Mean recall", `${(100 * score.ua).toFixed(1)} % (${score.protocol})`]);
  return facts;
}

/** One source after the other, through one listener. */
class Session {
  constructor(listener) {
    this.listener = listener;
    this.view = new View(listener);
    this.ribbon = new Ribbon(element("ribbon"), listener.sampleRate, this.view.colourOf);
    this.events = [];
    this.source = null;
    // The last wish counts, however long an earlier one takes.
    this.wish = 0;
    this.shownAt = 0;
  }

  /** Begin to hear a source: what ends it, and whether its length is known. */
  async begin(name, whole, end) {
    await this.stop();
    showError("");
    this.source = { name, whole, end };
    this.heard = this.busyMs = this.utterances = this.broken = 0;
    this.said = [];
    this.faults = { overflows: 0, stalls: 0 };
    this.listener.reset();
    this.ribbon.clear(whole);
    this.view.source(name);
    this.view.begin("No utterance yet.");
    return this.source;
  }

  /** Take in samples; `lost` before them. */
  take(samples, fault = null, lost = 0) {
    const begun = performance.now();
    const events = [];
    if (fault !== null) {
      this.faults[fault === "overflow" ? "overflows" : "stalls"]++;
      this.ribbon.skip(lost / this.listener.sampleRate);
      events.push(...this.listener.markBroken(lost));
    }
    events.push(...this.listener.process(samples));
    this.busyMs += performance.now() - begun;
    this.heard += samples.length / this.listener.sampleRate;
    this.ribbon.add(samples, this.listener.inSpeech);
    this.show(events);
    if (performance.now() - this.shownAt >= REFRESH_MS) {
      this.shownAt = performance.now();
      this.view.level(levelDb(samples));
      return true;
    }
    return false;
  }

  show(events) {
    for (const event of events) {
      // A recording is over before anybody has read what is so far.
      if (event.kind === "utterance" || !this.source.whole) this.view.now(event);
      if (event.kind !== "utterance") continue;
      this.utterances++;
      this.broken += event.broken;
      this.ribbon.mark(event.startS, event.endS, event.label);
      this.view.utterance(event);
      // A recording's follow each other faster than they can be said.
      if (!this.source.whole) this.view.say(`${event.label}, ${this.view.reason(event)}`);
      else if (this.said.length < MOST_SAID) this.said.push(event.label);
      this.events.push(eventFields(event, this.source.name, this.faults));
      if (this.events.length > MOST_EVENTS) this.events.shift();
      element("save").disabled = element("clear").disabled = false;
    }
  }

  /** End the source: the event of an utterance in progress, and the summary that `listen` gives. */
  async stop(isBroken = false) {
    if (this.source === null) return;
    await this.source.end();
    if (this.source === null) return;
    this.show(this.listener.finish().map((event) => (isBroken ? { ...event, broken: true } : event)));
    const { name, whole } = this.source;
    this.source = null;
    this.view.level(-120);
    const load = this.heard >= 1 ? `, load ${(this.busyMs / this.heard / 10).toFixed(1)} % of a core` : "";
    this.view.state(
      `Heard ${this.heard.toFixed(1)} s, utterances ${this.utterances}, broken ${this.broken}, overflows ` +
        `${this.faults.overflows}, stalls ${this.faults.stalls}${load}.`,
    );
    setListening(false);
    if (this.utterances === 0) this.view.begin("No speech was found.");
    this.view.say(whole ? `${name}: ${this.inAll()}` : `Stopped, ${this.inAll()}`);
  }

  /** What was heard of a source, in few words. */
  inAll() {
    if (this.utterances === 0) return "no speech was found";
    const count = this.utterances === 1 ? "1 utterance" : `${this.utterances} utterances`;
    const more = this.utterances - this.said.length;
    if (this.said.length === 0) return count;
    return `${count}: ${this.said.join(", ")}${more > 0 ? `, and ${more} more in the table` : ""}`;
  }

  async listen() {
    const wish = ++this.wish;
    await this.stop();
    showError("");
    // Until the user has answered; a disabled button would lose the focus.
    const button = element("listen");
    button.setAttribute("aria-disabled", "true");
    this.view.state("Waiting for the microphone …");
    try {
      const early = [];
      let source = null;
      const onBlock = (block) => {
        if (source === null) early.push(block);
        else if (this.source === source) this.hear(block);
      };
      const onGone = async (reason) => {
        if (this.source !== source) return;
        await this.stop(true);
        showError(reason);
      };
      const microphone = await openMicrophone(this.listener.sampleRate, onBlock, onGone);
      if (wish !== this.wish) return await microphone.close();
      source = await this.begin(microphone.name, false, microphone.close);
      setListening(true);
      this.view.say("Listening");
      early.forEach((block) => this.hear(block));
    } catch (error) {
      this.view.state("");
      showError(refusal(error));
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  hear({ samples, fault, lost }) {
    if (!this.take(samples, fault, lost)) return;
    this.view.state(`Listening, ${this.heard.toFixed(0)} s: ${this.listener.inSpeech ? "speaking" : "silence"}`);
  }

  async read(file) {
    const rate = this.listener.sampleRate;
    const wish = ++this.wish;
    await this.stop();
    showError("");
    this.view.state(`Reading ${file.name} …`);
    let samples;
    try {
      samples = await readRecording(file, rate);
      if (wish !== this.wish) return;
    } catch (error) {
      if (wish !== this.wish) return;
      this.view.state("");
      return showError(`${file.name}: ${error.message}`);
    }
    const source = await this.begin(file.name, true, async () => {});
    setListening(true, "Stop");
    const step = Math.round(PART_S * rate);
    for (let start = 0; start < samples.length; start += step) {
      if (this.take(samples.subarray(start, start + step))) {
        this.view.state(`${file.name}: ${10 * Math.floor((10 * start) / samples.length)} %`);
        await new Promise((resolve) => setTimeout(resolve));
        if (this.source !== source) return;
      }
    }
    await this.stop();
  }

  clear() {
    this.events = [];
    this.view.clear();
    this.view.say("Cleared");
    // From a button that is about to be disabled.
    element("table").focus({ preventScroll: true });
    element("save").disabled = element("clear").disabled = true;
  }

  save() {
    const lines = this.events.map((event) => `${JSON.stringify(event)}\n`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
    link.download = "events.jsonl";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}

function setListening(listening, text = "Stop listening") {
  element("listen").classList.toggle("on", listening);
  element("listen-text").textContent = listening ? text : "Listen to the microphone";
}

function refusal(error) {
  if (error.name === "NotAllowedError") return "The microphone was refused: allow it for this page in the browser's settings";
  if (error.name === "NotFoundError") return "No microphone was found";
  return `The microphone cannot be opened: ${error.message}`;
}

function offerFiles(read) {
  const input = element("file");
  input.disabled = false;
  // The same file can be chosen again.
  input.addEventListener("click", () => (input.value = ""));
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (file) read(file);
  });
  const dropHere = element("drop-here");
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    dropHere.hidden = false;
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) dropHere.hidden = true;
  });
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    dropHere.hidden = true;
    const [file] = event.dataTransfer.files;
    if (file) read(file);
  });
}

async function start() {
  element("not-started").hidden = true;
  const listener = await load();
  const session = new Session(listener);
  session.view.facts(await describe(listener.modelHash));
  offerFiles((file) => session.read(file));
  element("save").addEventListener("click", () => session.save());
  element("clear").addEventListener("click", () => session.clear());
  const listen = element("listen");
  listen.addEventListener("click", () => {
    if (listen.hasAttribute("aria-disabled")) return;
    if (session.source === null) session.listen();
    else session.stop();
  });
  if (navigator.mediaDevices) {
    listen.disabled = false;
    session.view.state("Ready.");
  } else {
    session.view.state("Ready. The microphone needs a page from https or from this machine; recordings work.");
  }
  await navigator.serviceWorker?.register("service-worker.js").catch(() => {});
}

start().catch((error) => {
  element("state").textContent = "";
  showError(`The page cannot start: ${error.message}`);
});

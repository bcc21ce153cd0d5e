// SPDX-License-Identifier: Apache-2.0
// What the page shows: the label, the bars, the table of utterances. Foreign text is only ever text.

const METER_DB = 70;
const ROWS = 500;
const HUES = 8;

const element = (id) => document.getElementById(id);
const percent = (share) => `${Math.round(100 * share)} %`;
const inWords = (needs) => `named from ${percent(needs)} on`;
const seconds = (time) => `${time.toFixed(2)} s`;

function make(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** The page of a model. */
export class View {
  /** @param {{labels: string[], thresholds: number[]}} model */
  constructor({ labels, thresholds }) {
    this.needs = new Map(labels.map((label, i) => [label, thresholds[i]]).filter(([, needs]) => needs <= 1));
    this.hues = new Map(labels.map((label, i) => [label, `--hue-${i % HUES}`]));
    this.hasOther = this.needs.size < labels.length;
    element("other-note").hidden = !this.hasOther;
    this.bars = new Map([...this.needs].map(([label, needs]) => [label, this.addBar(label, needs)]));
    // What the labels lack to 1: the output for what is none of them.
    this.otherBar = this.hasOther ? this.addBar("none of these", null) : null;
  }

  /** Name of the custom property of a label's colour. */
  colourOf = (label) => this.hues.get(label) ?? "--uncertain";

  addBar(label, needs) {
    const row = make("li");
    const track = make("div", "track");
    const fill = make("div", "fill");
    const share = make("span", "share");
    const name = make("span", "name", label);
    name.title = label;
    track.setAttribute("aria-hidden", "true");
    track.append(fill);
    if (needs !== null) {
      const tick = make("div", "tick");
      tick.style.left = `${100 * needs}%`;
      track.append(tick);
    }
    row.style.setProperty("--hue", `var(${this.colourOf(label)})`);
    // The figure moves while somebody speaks; in words it stands still from utterance to utterance.
    share.setAttribute("aria-hidden", "true");
    const words = make("span", "visually-hidden", needs === null ? "" : inWords(needs));
    row.append(name, track, share, words);
    element("bars").append(row);
    return { row, fill, share, words, needs };
  }

  /** Show the posteriors of an event as bars. */
  posteriors(event) {
    let rest = 1;
    const set = ({ row, fill, share, words, needs }, value, named) => {
      fill.style.width = `${100 * value}%`;
      share.textContent = percent(value);
      row.classList.toggle("named", named);
      if (event.kind !== "utterance") return;
      words.textContent = needs === null ? percent(value) : `${percent(value)}, ${inWords(needs)}`;
    };
    for (const [label, bar] of this.bars) {
      const value = event.posteriors[label];
      rest -= value;
      set(bar, value, label === event.label);
    }
    if (this.otherBar) set(this.otherBar, Math.max(0, rest), false);
  }

  /** Show an event in large letters. */
  now(event) {
    this.posteriors(event);
    const label = element("label");
    label.textContent = event.label;
    label.classList.remove("idle");
    label.style.setProperty("--hue", `var(${this.colourOf(event.label)})`);
    const soFar = event.kind === "utterance" ? "" : ", so far";
    element("says").textContent = `${this.reason(event)}${soFar}.`;
  }

  /** Why an event has its label; in few words for the table. */
  reason(event, brief = false) {
    if (this.needs.has(event.label)) return `${percent(event.confidence)} likely`;
    const entries = Object.entries(event.posteriors);
    const [best, value] = entries.reduce((a, b) => (b[1] > a[1] ? b : a));
    const rest = 1 - entries.reduce((sum, [, share]) => sum + share, 0);
    if (this.hasOther && rest > value) {
      return brief ? `none of these ${percent(rest)}` : `Most likely none of the emotions, ${percent(rest)}`;
    }
    const needs = `${best}${brief ? "" : `, ${percent(value)}, which`} needs ${percent(this.needs.get(best))}`;
    return brief ? needs : `Most likely ${needs}`;
  }

  /** Nothing has been heard of a source yet. */
  begin(what) {
    element("label").textContent = "–";
    element("label").classList.add("idle");
    element("says").textContent = what;
  }

  /** A line of text below the meter. */
  state(text) {
    // Each change is an event to a screen reader, though it says none of them.
    if (element("state").textContent !== text) element("state").textContent = text;
  }

  /** @param {number} db  of full scale */
  level(db) {
    const share = Math.min(1, Math.max(0, (db + METER_DB) / METER_DB));
    element("level").style.transform = `scaleX(${share})`;
  }

  /** Begin a part of the table: the utterances of a source. */
  source(name) {
    const row = make("tr", "source");
    const head = make("th", "", name);
    head.colSpan = 4;
    head.scope = "rowgroup";
    row.append(head);
    this.addRow(row);
  }

  /** Add an utterance to the table. */
  utterance(event) {
    const row = make("tr");
    const emotion = make("td");
    const chip = make("span", "chip", event.label);
    chip.style.setProperty("--hue", `var(${this.colourOf(event.label)})`);
    emotion.append(chip);
    const note = event.broken ? "Samples were lost" : this.needs.has(event.label) ? "" : this.reason(event, true);
    if (note) emotion.append(" ", make("span", "note muted small", note));
    row.append(
      make("td", "", seconds(event.startS)),
      make("td", "", seconds(event.endS)),
      emotion,
      make("td", "", percent(event.confidence)),
    );
    this.addRow(row);
  }

  /** Say something to a screen reader, once it has said what it is saying. */
  say(text) {
    // A new node, or else browsers may tell of the letters that differ.
    element("spoken").replaceChildren(anew(text));
  }

  addRow(row) {
    const body = element("events");
    body.querySelector(".empty")?.remove();
    body.append(row);
    if (body.rows.length > ROWS) body.rows[0].remove();
    const frame = body.closest(".table");
    frame.scrollTop = frame.scrollHeight;
  }

  /** Empty the table. */
  clear() {
    const row = make("tr", "empty");
    const cell = make("td", "", "Each utterance gets a line when it has ended.");
    cell.colSpan = 4;
    row.append(cell);
    element("events").replaceChildren(row);
  }

  /** @param {[string, string][]} facts  of the model */
  facts(facts) {
    element("facts").replaceChildren(...facts.flatMap(([name, text]) => [make("dt", "", name), make("dd", "", text)]));
  }
}

let announced = "";

/** The same text as what was announced before, screen readers take for an echo of it. */
function anew(text) {
  announced = text === announced ? `${text}\u00a0` : text;
  return announced;
}

/** Show and announce what went wrong, a sentence without its full stop; nothing for "". */
export function showError(text) {
  element("error").textContent = text && anew(`${text.replace(/\.$/, "")}.`);
  element("error").hidden = text === "";
}

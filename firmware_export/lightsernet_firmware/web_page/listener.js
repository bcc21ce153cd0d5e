// SPDX-License-Identifier: Apache-2.0
// The engine in WebAssembly: samples in while they arrive, events out.

const UNCERTAIN = "uncertain";
const KINDS = ["utterance", "provisional", "continuous"];
// In the order of lsn_status in lightsernet.h.
const STATUS_NAMES = [
  "OK", "BAD_ARGUMENT", "BAD_ALIGNMENT", "BAD_MAGIC", "BAD_VERSION", "TRUNCATED", "BAD_CRC",
  "BAD_MODEL", "RAM_TOO_SMALL", "NO_FRONT_END", "FINISHED", "NO_RESULT", "TOO_LONG", "NO_PROFILE",
  "BAD_PROFILE", "NOT_FINISHED", "NO_ENDPOINTING", "BAD_SETTINGS",
];

/**
 * Open a model.
 *
 * @param {BufferSource} module  of engine.wasm
 * @param {Uint8Array} model     of model.lsn
 * @param {{provisional?: boolean, continuous?: boolean}} settings  as `listen` has them
 * @returns {Promise<Listener>}
 */
export async function openListener(module, model, { provisional = false, continuous = false } = {}) {
  const { instance } = await WebAssembly.instantiate(module, {});
  return new Listener(instance.exports, model, provisional, continuous);
}

/**
 * A listener on an open model.
 *
 * `labels` are those of the model's outputs, `thresholds` what each needs to be said; a label
 * with a threshold above 1 is never said, and is no field of an event's posteriors.
 */
class Listener {
  constructor(engine, model, provisional, continuous) {
    this.engine = engine;
    const place = engine.lse_room_for_model(model.length);
    if (!place) throw new Error("no memory for the model");
    new Uint8Array(engine.memory.buffer, place, model.length).set(model);
    this.check(engine.lse_open(model.length, Number(provisional), Number(continuous)));
    this.sampleRate = engine.lse_sample_rate();
    this.labels = Array.from({ length: engine.lse_n_labels() }, (_, i) => this.text(engine.lse_label(i)));
    this.thresholds = this.labels.map((_, i) => engine.lse_threshold(i));
    this.seen = engine.lse_events();
  }

  /** Hexadecimal digits: the first half of the SHA-256 of the `.tflite`. */
  get modelHash() {
    const bytes = new Uint8Array(this.engine.memory.buffer, this.engine.lse_model_hash(), 16);
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** Whether an utterance is in progress. */
  get inSpeech() {
    return this.engine.lse_in_speech() === 1;
  }

  /**
   * Take in samples.
   *
   * @param {Int16Array} samples  mono, at `sampleRate`; any number
   * @returns {object[]} the events that they complete
   */
  process(samples) {
    const events = [];
    const step = this.engine.lse_max_samples();
    for (let start = 0; start < samples.length; start += step) {
      const part = samples.subarray(start, start + step);
      new Int16Array(this.engine.memory.buffer, this.engine.lse_samples(), part.length).set(part);
      this.check(this.engine.lse_process(part.length));
      this.take(events);
    }
    return events;
  }

  /** Samples were lost here: how many, or 0 if that is not known. Returns events. */
  markBroken(lost) {
    this.check(this.engine.lse_mark_broken(Math.max(0, Math.round(lost))));
    return this.take([]);
  }

  /** End the audio. Returns the event of the utterance in progress, if there is one. */
  finish() {
    this.check(this.engine.lse_finish());
    return this.take([]);
  }

  /** Forget all audio. */
  reset() {
    this.engine.lse_reset();
  }

  take(events) {
    const count = this.engine.lse_events();
    if (count !== this.seen) events.push(this.event());
    this.seen = count;
    return events;
  }

  event() {
    const { engine } = this;
    const { buffer } = engine.memory;
    const [kind, label, confidence, broken, start, end] = new Float64Array(buffer, engine.lse_event_numbers(), 6);
    const posteriors = new Float32Array(buffer, engine.lse_event_posteriors(), this.labels.length);
    const outputs = (logits) => [...new Int8Array(buffer, engine.lse_event_outputs(logits), this.labels.length)];
    const said = this.labels.map((name, i) => [name, posteriors[i]]).filter((_, i) => this.thresholds[i] <= 1);
    return {
      kind: KINDS[kind],
      label: label < 0 ? UNCERTAIN : this.labels[label],
      confidence,
      broken: broken === 1,
      startS: start / this.sampleRate,
      endS: end / this.sampleRate,
      posteriors: Object.fromEntries(said),
      outputs: { posteriors: outputs(0), logits: outputs(1) },
    };
  }

  check(status) {
    if (status !== 0) throw new Error(`the engine answers ${STATUS_NAMES[status] ?? status}`);
  }

  text(address) {
    const bytes = new Uint8Array(this.engine.memory.buffer, address);
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }
}

/** The fields that `lightsernet-edge listen --json` prints of an event. */
export function eventFields(event, file, faults) {
  return {
    event: event.kind,
    file,
    start_s: event.startS,
    end_s: event.endS,
    label: event.label,
    confidence: event.confidence,
    posteriors: event.posteriors,
    broken: event.broken,
    overflows: faults.overflows,
    stalls: faults.stalls,
  };
}

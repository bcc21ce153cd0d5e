// SPDX-License-Identifier: Apache-2.0
// Samples: to int16, and from one rate to another.

/**
 * Full scale to +-32768, rounded half to even and saturated, as the Python package does.
 *
 * @param {Float32Array} samples  -1..1
 * @returns {Int16Array}
 */
export function toInt16(samples) {
  return Int16Array.from(samples, (sample) => {
    const scaled = 32768 * sample;
    let rounded = Math.round(scaled);
    if (rounded - scaled === 0.5 && rounded % 2 !== 0) rounded -= 1;
    return Math.min(32767, Math.max(-32768, rounded));
  });
}

/** Level in dB of full scale; at least -120. */
export function levelDb(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const power = sum / Math.max(1, samples.length) / 32768 ** 2;
  return power > 0 ? Math.max(-120, 10 * Math.log10(power)) : -120;
}

// Of the lower of both rates: what passes whole ends here, and nothing comes from above its half.
const PASS = 0.45;
const STOP = 0.5;
const ATTENUATION_DB = 96;

/** Resamples blocks with a windowed sinc (Kaiser); the result does not depend on the blocks. */
export class Resampler {
  /**
   * @param {number} from  of the samples, in hertz; a whole number
   * @param {number} to    of the result, in hertz; a whole number
   */
  constructor(from, to) {
    const common = greatestDivisor(from, to);
    this.up = to / common;
    this.down = from / common;
    const lower = Math.min(1, to / from);
    this.cutoff = ((PASS + STOP) / 2) * lower;
    const transition = 2 * Math.PI * (STOP - PASS) * lower;
    this.half = Math.ceil((ATTENUATION_DB - 7.95) / (2.285 * transition) / 2);
    this.beta = 0.1102 * (ATTENUATION_DB - 8.7);
    this.filters = new Map();
    // Before the first sample lies silence.
    this.kept = new Float32Array(this.half - 1);
    this.phase = 0;
  }

  /**
   * @param {Float32Array} samples
   * @returns {Float32Array} what is done; a filter's half is held back
   */
  push(samples) {
    if (this.up === this.down) return samples;
    const input = new Float32Array(this.kept.length + samples.length);
    input.set(this.kept);
    input.set(samples, this.kept.length);
    const taps = 2 * this.half;
    const output = [];
    let at = 0;
    let phase = this.phase;
    while (at + taps <= input.length) {
      const filter = this.filter(phase);
      let sum = 0;
      for (let i = 0; i < taps; i++) sum += filter[i] * input[at + i];
      output.push(sum);
      phase += this.down;
      at += Math.floor(phase / this.up);
      phase %= this.up;
    }
    // At a low rate a step may lead beyond what there is.
    this.kept = input.slice(Math.min(at, input.length));
    this.phase = phase;
    return Float32Array.from(output);
  }

  /** The weights of samples around a result that lies `phase / up` of a sample behind one. */
  filter(phase) {
    let filter = this.filters.get(phase);
    if (filter === undefined) {
      const place = this.half - 1 + phase / this.up;
      const weights = Array.from({ length: 2 * this.half }, (_, i) => {
        const distance = i - place;
        const share = distance / this.half;
        const window = Math.abs(share) < 1 ? bessel(this.beta * Math.sqrt(1 - share * share)) : 0;
        const angle = 2 * Math.PI * this.cutoff * distance;
        return window * (angle === 0 ? 1 : Math.sin(angle) / angle);
      });
      const sum = weights.reduce((a, b) => a + b);
      filter = Float64Array.from(weights, (weight) => weight / sum);
      this.filters.set(phase, filter);
    }
    return filter;
  }
}

/** Modified Bessel function of the first kind, order 0. */
function bessel(x) {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestDivisor(a, b) {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

// SPDX-License-Identifier: Apache-2.0
// A file as samples at the model's rate. What is no WAV of 16 bits the browser decodes.

import { rateOf } from "./sample-rate.js";
import { Resampler, toInt16 } from "./samples.js";
import { readHead, readSamples } from "./wav.js";

const MAX_BYTES = 50e6;
const RATES = [4000, 384000];
// Resampled between two looks at what the user does.
const PART = 2 ** 17;

/**
 * Read a recording.
 *
 * @param {File} file
 * @param {number} rate  in hertz
 * @returns {Promise<Int16Array>} mono, the mean of the channels
 */
export async function readRecording(file, rate) {
  if (file.size > MAX_BYTES) {
    throw new Error(`${(file.size / 1e6).toFixed(0)} MB, expected at most ${MAX_BYTES / 1e6} MB`);
  }
  const bytes = await file.arrayBuffer();
  const samples = readSamples(bytes);
  if (samples === null) {
    const from = rateOf(bytes);
    return resampled(await decoded(bytes, from), from, rate);
  }
  const from = readHead(bytes).rate;
  if (from < RATES[0] || from > RATES[1]) {
    throw new Error(`${from} samples a second, expected ${RATES[0]} to ${RATES[1]}`);
  }
  return resampled(samples, from, rate);
}

async function decoded(bytes, rate) {
  let audio;
  try {
    audio = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
  } catch {
    throw new Error("no recording that this browser can decode");
  }
  const sum = audio.getChannelData(0).slice();
  for (let channel = 1; channel < audio.numberOfChannels; channel++) {
    audio.getChannelData(channel).forEach((sample, i) => (sum[i] += sample));
  }
  return sum.map((sample) => sample / audio.numberOfChannels);
}

async function resampled(samples, from, rate) {
  if (from === rate) return toInt16(samples);
  const resampler = new Resampler(from, rate);
  const result = new Int16Array(Math.ceil((samples.length * rate) / from));
  let count = 0;
  const keep = (part) => {
    const room = part.subarray(0, result.length - count);
    result.set(toInt16(room), count);
    count += room.length;
  };
  for (let start = 0; start < samples.length; start += PART) {
    keep(resampler.push(samples.subarray(start, start + PART)));
    await new Promise((resolve) => setTimeout(resolve));
  }
  keep(resampler.push(new Float32Array(2 * resampler.half)));
  return result.subarray(0, count);
}

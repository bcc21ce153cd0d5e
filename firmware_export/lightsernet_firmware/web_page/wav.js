// SPDX-License-Identifier: Apache-2.0
// WAV files of 16 bits, read here: browsers scale their samples each in a way of its own, and the
// engine's integers are to be those of the samples in the file.

const PCM = 1;
const EXTENSIBLE = 0xfffe;
const LOUDEST = 32768;

/**
 * Read a WAV file.
 *
 * @param {ArrayBuffer} bytes
 * @returns {{rate: number, samples: Float32Array} | null} the mean of the channels, -1..1;
 *   null for what is no whole-number PCM of 16 bits
 */
export function readWav(bytes) {
  const view = new DataView(bytes);
  const name = (at) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
  if (bytes.byteLength < 12 || name(0) !== "RIFF" || name(8) !== "WAVE") return null;
  let format = null;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    // A length that was never filled in means the end of the file.
    const length = Math.min(view.getUint32(at + 4, true), bytes.byteLength - at - 8);
    if (name(at) === "fmt " && length >= 16) format = readFormat(view, at + 8, length);
    if (name(at) === "data") return format && { rate: format.rate, samples: mean(view, at + 8, length, format.channels) };
    at += 8 + length + (length % 2);
  }
  return null;
}

function readFormat(view, at, length) {
  const tag = view.getUint16(at, true);
  const coding = tag === EXTENSIBLE && length >= 26 ? view.getUint16(at + 24, true) : tag;
  const channels = view.getUint16(at + 2, true);
  const rate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  return coding === PCM && bits === 16 && channels > 0 && rate > 0 ? { channels, rate } : null;
}

function mean(view, start, length, channels) {
  const samples = new Float32Array(Math.floor(length / 2 / channels));
  for (let i = 0, at = start; i < samples.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, at += 2) sum += view.getInt16(at, true);
    samples[i] = sum / channels / LOUDEST;
  }
  return samples;
}

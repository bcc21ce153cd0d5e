// SPDX-License-Identifier: Apache-2.0
// WAV files. Those of 16 bits are read here: browsers scale samples each in a way of its own, and
// the engine's integers are to be those of the samples in the file.

const PCM = 1;
const EXTENSIBLE = 0xfffe;
const LOUDEST = 32768;

/**
 * Read the head of a WAV file.
 *
 * @param {ArrayBuffer} bytes
 * @returns {{coding: number, channels: number, rate: number, bits: number, start: number,
 *   length: number} | null} null for what is no WAV file
 */
export function readHead(bytes) {
  const view = new DataView(bytes);
  const name = (at) => String.fromCharCode(...new Uint8Array(bytes, at, 4));
  if (bytes.byteLength < 12 || name(0) !== "RIFF" || name(8) !== "WAVE") return null;
  let format = null;
  for (let at = 12; at + 8 <= bytes.byteLength; ) {
    const start = at + 8;
    // A length that was never filled in means the end of the file.
    const length = Math.min(view.getUint32(at + 4, true), bytes.byteLength - start);
    if (name(at) === "fmt " && length >= 16) format = readFormat(view, start, length);
    if (name(at) === "data") return format && { ...format, start, length };
    at = start + length + (length % 2);
  }
  return null;
}

function readFormat(view, at, length) {
  const tag = view.getUint16(at, true);
  return {
    coding: tag === EXTENSIBLE && length >= 26 ? view.getUint16(at + 24, true) : tag,
    channels: view.getUint16(at + 2, true),
    rate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
}

/**
 * Read the samples of a WAV file of 16 bits.
 *
 * @param {ArrayBuffer} bytes
 * @returns {Float32Array | null} the mean of the channels, -1..1; null for any other file
 */
export function readSamples(bytes) {
  const head = readHead(bytes);
  if (head === null || head.coding !== PCM || head.bits !== 16 || head.channels === 0) return null;
  const view = new DataView(bytes, head.start, head.length);
  const samples = new Float32Array(Math.floor(head.length / 2 / head.channels));
  for (let i = 0, at = 0; i < samples.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < head.channels; channel++, at += 2) sum += view.getInt16(at, true);
    samples[i] = sum / head.channels / LOUDEST;
  }
  return samples;
}

// SPDX-License-Identifier: Apache-2.0
// The rate of a file, from its head. Browsers decode to a rate that they are given, and the
// resampling of some takes 3 dB at 6.5 kHz; so they are given the file's own.

import { readHead } from "./wav.js";

// Of files that are not known, and of Opus.
const USUAL = 48000;
// What every browser can decode to.
const LOWEST = 8000;
const HIGHEST = 96000;
const SEARCHED = 65536;
// By the version in the head of a frame: MPEG 2.5, none, 2, 1.
const MPEG = [[11025, 12000, 8000], null, [22050, 24000, 16000], [44100, 48000, 32000]];

/**
 * @param {ArrayBuffer} bytes  of a file
 * @returns {number} in hertz, as far as it is known
 */
export function rateOf(bytes) {
  const rate = readHead(bytes)?.rate ?? rateIn(new DataView(bytes, 0, Math.min(bytes.byteLength, SEARCHED)), bytes);
  return rate >= LOWEST && rate <= HIGHEST ? rate : USUAL;
}

function rateIn(view, bytes) {
  const text = new TextDecoder("latin1").decode(view);
  if (text.startsWith("fLaC") && text.length > 20) return view.getUint32(18) >>> 12;
  if (text.startsWith("OggS")) {
    const vorbis = text.indexOf("\x01vorbis");
    return vorbis >= 0 && vorbis + 16 <= text.length ? view.getUint32(vorbis + 12, true) : USUAL;
  }
  if (text.startsWith("ID3") && text.length > 10) {
    // Seven bits in a byte.
    const length = [6, 7, 8, 9].reduce((sum, at) => sum * 128 + view.getUint8(at), 0);
    const start = Math.min(10 + length, bytes.byteLength);
    return rateOfFrame(new DataView(bytes, start, Math.min(4, bytes.byteLength - start)));
  }
  return rateOfFrame(view);
}

function rateOfFrame(view) {
  if (view.byteLength < 4 || view.getUint16(0) >>> 5 !== 0x7ff) return USUAL;
  return MPEG[(view.getUint8(1) >> 3) & 3]?.[(view.getUint8(2) >> 2) & 3] ?? USUAL;
}

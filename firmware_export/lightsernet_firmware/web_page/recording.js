// SPDX-License-Identifier: Apache-2.0
// A file as samples: the browser decodes it, and resamples it where its rate is another.

import { toInt16 } from "./samples.js";

const MAX_BYTES = 50e6;

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
  let decoded;
  try {
    decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(bytes);
  } catch {
    throw new Error("no recording that this browser can decode");
  }
  const mono = decoded.getChannelData(0).slice();
  for (let channel = 1; channel < decoded.numberOfChannels; channel++) {
    decoded.getChannelData(channel).forEach((sample, i) => (mono[i] += sample));
  }
  return toInt16(mono.map((sample) => sample / decoded.numberOfChannels));
}

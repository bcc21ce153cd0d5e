// SPDX-License-Identifier: Apache-2.0
// The microphone: blocks of samples at the model's rate, and what went wrong between them.

import { Resampler, toInt16 } from "./samples.js";

/**
 * Open the microphone; the browser asks the user.
 *
 * @param {number} rate  of the blocks, in hertz
 * @param {(block: {samples: Int16Array, fault: string | null, lost: number}) => void} onBlock
 * @param {(reason: string) => void} onGone  the device has gone
 * @returns {Promise<{name: string, close: () => Promise<void>}>}
 */
export async function openMicrophone(rate, onBlock, onGone) {
  // As the device hears it: the model knows none of the browser's clean-up.
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  const [track] = stream.getAudioTracks();
  // At the device's own rate: not every browser resamples a microphone.
  const context = new AudioContext();
  const close = async () => {
    context.onstatechange = track.onended = null;
    track.stop();
    if (context.state !== "closed") await context.close();
  };
  try {
    await context.audioWorklet.addModule("./microphone-worklet.js");
    const tap = new AudioWorkletNode(context, "tap", { numberOfOutputs: 0 });
    const resampler = new Resampler(context.sampleRate, rate);
    const pause = watchPauses(context);
    tap.port.onmessage = ({ data: { samples, late, silent } }) => {
      const fault = late > 0 ? "overflow" : silent > 0 || pause.seconds > 0 ? "stall" : null;
      const missing = (late + silent) / context.sampleRate + pause.seconds;
      pause.seconds = 0;
      onBlock({ samples: toInt16(resampler.push(samples)), fault, lost: Math.round(missing * rate) });
    };
    track.onended = () => onGone("the microphone is gone");
    context.createMediaStreamSource(stream).connect(tap);
    await context.resume();
  } catch (error) {
    await close();
    throw error;
  }
  return { name: track.label || "microphone", close };
}

/** Add up how long the context stood still, as when a telephone call interrupts it. */
function watchPauses(context) {
  const pause = { seconds: 0 };
  let since = null;
  context.onstatechange = () => {
    if (context.state === "running") {
      if (since !== null) pause.seconds += (performance.now() - since) / 1000;
      since = null;
    } else {
      since ??= performance.now();
      context.resume().catch(() => {});
    }
  };
  return pause;
}

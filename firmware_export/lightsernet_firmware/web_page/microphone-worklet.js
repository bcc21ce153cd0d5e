// SPDX-License-Identifier: Apache-2.0
// Runs on the sound thread: gathers samples into blocks, and tells what is missing before each.

const BLOCK = 1024;
const QUANTUM = 128;
// Before that, the browser is still putting its graph together, and skips frames.
const SETTLES_S = 0.25;

class Tap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(BLOCK);
    this.count = 0;
    this.late = 0;
    this.silent = 0;
    this.begins = null;
    // The frame that comes next; none before the device has given anything.
    this.next = null;
  }

  process([input]) {
    const late = this.next === null ? 0 : currentFrame - this.next;
    if (input.length === 0) {
      if (this.next !== null) this.skip(late, QUANTUM);
      return true;
    }
    this.begins ??= currentFrame + SETTLES_S * sampleRate;
    if (currentFrame < this.begins) return true;
    if (late > 0) this.skip(late, 0);
    this.next = currentFrame + input[0].length;
    for (let i = 0; i < input[0].length; i++) {
      let sum = 0;
      for (const channel of input) sum += channel[i];
      this.block[this.count++] = sum / input.length;
      if (this.count === BLOCK) this.send();
    }
    return true;
  }

  /** Frames that this thread was too late for, and frames in which the device gave nothing. */
  skip(late, silent) {
    if (this.count > 0) this.send();
    this.late += late;
    this.silent += silent;
    this.next = currentFrame + silent;
  }

  send() {
    const samples = this.block.slice(0, this.count);
    this.port.postMessage({ samples, late: this.late, silent: this.silent }, [samples.buffer]);
    this.count = this.late = this.silent = 0;
  }
}

registerProcessor("tap", Tap);

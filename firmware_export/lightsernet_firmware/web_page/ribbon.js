// SPDX-License-Identifier: Apache-2.0
// The picture of what was heard: level over time, coloured where speech was found.

const COLUMN_S = 0.05;
const LIVE_COLUMNS = 400;
const GAP = 1;

/** A canvas that follows the sound, or shows a whole recording. */
export class Ribbon {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} rate  of the samples, in hertz
   * @param {(label: string) => string} colourOf  name of the custom property of a label's colour
   */
  constructor(canvas, rate, colourOf) {
    this.canvas = canvas;
    this.columnLength = Math.round(COLUMN_S * rate);
    this.rate = rate;
    this.colourOf = colourOf;
    this.waits = false;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.clear(false);
  }

  /** Begin anew; `whole` shows everything in the width, otherwise the last seconds scroll. */
  clear(whole) {
    this.whole = whole;
    this.columns = [];
    this.first = 0;
    this.peak = 0;
    this.count = 0;
    this.spans = [];
    this.draw();
  }

  /** Take in samples, and whether an utterance is in progress after them. */
  add(samples, inSpeech) {
    for (const sample of samples) {
      this.peak = Math.max(this.peak, Math.abs(sample));
      if (++this.count === this.columnLength) this.endColumn(inSpeech);
    }
    this.draw();
  }

  /** Seconds in which nothing was heard, so that times stay true. */
  skip(seconds) {
    for (let i = Math.min(LIVE_COLUMNS, Math.round(seconds / COLUMN_S)); i > 0; i--) this.endColumn(false);
    this.draw();
  }

  /** Colour an utterance. */
  mark(startS, endS, label) {
    this.spans.push({ startS, endS, label });
    this.draw();
  }

  endColumn(inSpeech) {
    this.columns.push({ peak: this.peak / 32768, inSpeech });
    this.peak = this.count = 0;
    if (!this.whole && this.columns.length > LIVE_COLUMNS) {
      this.columns.shift();
      this.first++;
      this.spans = this.spans.filter((span) => span.endS > this.first * COLUMN_S);
    }
  }

  draw() {
    if (this.waits) return;
    this.waits = true;
    requestAnimationFrame(() => {
      this.waits = false;
      this.paint();
    });
  }

  paint() {
    const { canvas } = this;
    const ratio = devicePixelRatio;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const paint = canvas.getContext("2d");
    paint.scale(ratio, ratio);
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(name);
    const shown = this.whole ? Math.max(1, this.columns.length) : LIVE_COLUMNS;
    const x = (column) => (column / shown) * width;
    // Narrow columns are drawn together: the loudest of those in a few pixels.
    const together = Math.max(1, Math.ceil((3 * shown) / width));
    const room = this.spans.length ? 26 : 0;
    const middle = (height - room) / 2;
    for (let i = 0; i < this.columns.length; i += together) {
      const some = this.columns.slice(i, i + together);
      const peak = Math.max(...some.map((column) => column.peak));
      const at = (this.first + i + some.length / 2) * COLUMN_S;
      const span = this.spans.find(({ startS, endS }) => startS <= at && at <= endS);
      const speaks = some.some((column) => column.inSpeech) && !this.spans.some(({ endS }) => endS > at);
      paint.fillStyle = colour(span ? this.colourOf(span.label) : speaks ? "--speech" : "--quiet");
      // The square root shows soft speech too.
      const half = Math.max(1, Math.sqrt(peak) * (middle - 8));
      const wide = Math.max(1, x(together) - GAP);
      paint.beginPath();
      paint.roundRect(x(i), middle - half, wide, 2 * half, Math.min(2, wide / 2));
      paint.fill();
    }
    paint.fillStyle = colour("--quiet");
    for (let i = this.columns.length; i < shown; i++) paint.fillRect(x(i), middle - 1, x(1) - GAP, 2);
    this.paintLabels(paint, colour, (seconds) => x(seconds / COLUMN_S - this.first), height, width);
  }

  paintLabels(paint, colour, x, height, width) {
    paint.font = "600 13px system-ui, sans-serif";
    let free = 0;
    for (const { startS, endS, label } of this.spans) {
      const start = Math.max(0, x(startS));
      paint.fillStyle = colour(this.colourOf(label));
      paint.fillRect(start, height - 26, Math.max(2, x(endS) - start), 3);
      const wide = paint.measureText(label).width;
      if (start < free || start + wide > width) continue;
      paint.fillText(label, start, height - 8);
      free = start + wide + 8;
    }
  }
}

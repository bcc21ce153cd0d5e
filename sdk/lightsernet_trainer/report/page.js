"use strict";
const recordings = JSON.parse(document.getElementById("recordings").textContent);
let playing = null;
function stop() {
  if (!playing) return;
  playing.audio.pause();
  playing.button.classList.remove("playing");
  playing = null;
}
for (const button of document.querySelectorAll("button.play")) {
  button.addEventListener("click", () => {
    const again = playing && playing.button === button;
    stop();
    if (again) return;
    const audio = new Audio("data:audio/mpeg;base64," + recordings[button.dataset.file]);
    playing = { audio, button };
    button.classList.add("playing");
    audio.addEventListener("ended", stop);
    // Refused, or stopped before it began.
    audio.play().catch(() => {
      if (playing && playing.audio === audio) stop();
    });
  });
}

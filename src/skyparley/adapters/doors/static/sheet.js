// The stopwatch of a call sheet: how long ago the telephone was picked up, and whether the summary is late.
// It counts from the node's time when the sheet was made; what counts in the record is the time that the node wrote down.
const watch = document.getElementById('stopwatch');
const opened = performance.now();

function tick() {
  const since = Math.max(0, Number(watch.dataset.since) + performance.now() - opened);
  const seconds = Math.floor(since / 1000);
  watch.textContent = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  watch.classList.toggle('late', since > Number(watch.dataset.late));
}

if (watch) {
  tick();
  setInterval(tick, 500);
}

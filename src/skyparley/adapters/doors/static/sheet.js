// The stopwatch of a call sheet: how long ago the telephone was picked up, and whether the summary is late.
// The page's own clock is only for the eye; what counts is the time that the node wrote down.
const watch = document.getElementById('stopwatch');

function tick() {
  const since = Math.max(0, Date.now() - Number(watch.dataset.started));
  const seconds = Math.floor(since / 1000);
  watch.textContent = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  watch.classList.toggle('late', Number(watch.dataset.due) > 0 && Date.now() > Number(watch.dataset.due));
}

if (watch) {
  tick();
  setInterval(tick, 500);
}

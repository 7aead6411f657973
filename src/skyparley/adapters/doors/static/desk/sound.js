// The sound of a ring, made by the page itself. A browser gives no sound before somebody has touched the page: that is said.

const PATTERNS = {
  // Two tones, plain and low enough to think beside; a soft single one where nobody's life hangs on the minute.
  LIFE: { every: 1400, notes: [[880, 0, 0.28], [660, 0.32, 0.34]], gain: 0.16 },
  SAFETY: { every: 4000, notes: [[523, 0, 0.5]], gain: 0.07 },
};

export class Sound {
  /** `changed` is called when sound becomes possible, or stops being so. */
  constructor(changed) {
    this.changed = changed;
    this.kind = "";
    this.timer = 0;
    this.context = null;
    for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, () => this.wake(), { capture: true });
    this.make();
  }

  make() {
    try {
      this.context = new AudioContext();
      this.context.addEventListener("statechange", this.changed);
    } catch {
      this.context = null; // This machine has no way to sound; the page says so where it says that sound is off.
    }
  }

  get on() {
    return this.context?.state === "running";
  }

  /** A touch of the page lets it sound. */
  async wake() {
    if (!this.context || this.on) return;
    try {
      await this.context.resume();
    } catch {
      return;
    }
    this.changed();
  }

  /** Sounds `kind` until another is wanted; "" is silence. */
  want(kind) {
    if (kind === this.kind) return;
    this.kind = kind;
    clearInterval(this.timer);
    document.body.dataset.tone = kind;
    if (!kind) return;
    this.play();
    this.timer = setInterval(() => this.play(), PATTERNS[kind].every);
  }

  play() {
    if (!this.on) return;
    const { notes, gain } = PATTERNS[this.kind];
    const begin = this.context.currentTime + 0.02;
    for (const [pitch, after, length] of notes) {
      const tone = this.context.createOscillator();
      const level = this.context.createGain();
      tone.frequency.value = pitch;
      // A tone that begins and ends softly startles nobody and clicks on no loudspeaker.
      level.gain.setValueAtTime(0, begin + after);
      level.gain.linearRampToValueAtTime(gain, begin + after + 0.03);
      level.gain.setValueAtTime(gain, begin + after + length - 0.06);
      level.gain.linearRampToValueAtTime(0, begin + after + length);
      tone.connect(level).connect(this.context.destination);
      tone.start(begin + after);
      tone.stop(begin + after + length);
    }
  }
}

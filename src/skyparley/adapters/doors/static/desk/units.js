// Between what people write and read, and what the node holds: UTC, flight levels, nautical miles, degrees, bearings.

const MINUTE = 60_000;
const DAY = 86_400_000;
export const NM_M = 1852;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (number) => String(number).padStart(2, "0");
const FT_LEAST = -2_000;
const FT_MOST = 200_000;

/** Something a person wrote that cannot be used: the sentence says what would be right. */
export class Unusable extends Error {}

// --- reading out -----------------------------------------------------------------------------------------------------

/** 07:20:14Z */
export function clockText(ms) {
  const date = new Date(ms);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}Z`;
}

/** Mon 23 Nov 2026 */
export function dayText(ms) {
  const date = new Date(ms);
  return `${DAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

let yearNow = NaN;

/** Says which year it is on the line, so that any other is written out. Gives whether it is another than before. */
export function setYear(now) {
  const before = yearNow;
  yearNow = new Date(now).getUTCFullYear();
  return before !== yearNow;
}

function shortDay(ms) {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}${year === yearNow ? "" : ` ${year}`}`;
}

/** 07:20Z, with seconds only where there are any */
export function timeText(ms) {
  const date = new Date(ms);
  const seconds = date.getUTCSeconds() ? `:${two(date.getUTCSeconds())}` : "";
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}${seconds}Z`;
}

/** 23 Nov 11:00Z */
export const dayTime = (ms) => `${shortDay(ms)} ${timeText(ms)}`;

/** 23 Nov 08:00–11:00Z; both days where there are two */
export function windowText(start, end) {
  const bare = (ms) => timeText(ms).slice(0, -1);
  if (Math.floor(start / DAY) === Math.floor(end / DAY)) return `${shortDay(start)} ${bare(start)}–${timeText(end)}`;
  return `${shortDay(start)} ${bare(start)} – ${shortDay(end)} ${timeText(end)}`;
}

/** A time that can be typed back: 2026-11-23T08:00Z */
export function stampText(ms) {
  const text = new Date(ms).toISOString();
  if (ms % MINUTE === 0) return `${text.slice(0, 16)}Z`;
  return ms % 1000 === 0 ? `${text.slice(0, 19)}Z` : text;
}

/** in 27 min; 3 min ago */
export function fromNow(ms, now) {
  const minutes = Math.round(Math.abs(ms - now) / MINUTE);
  const amount = minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
  return ms >= now ? `in ${amount}` : `${amount} ago`;
}

/** 20 min; 1 h 20 min; 366 days */
export function spanText(ms) {
  const minutes = Math.round(ms / MINUTE);
  if (minutes >= 2880) return `${Math.round(minutes / 1440)} days`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A window in full, and how far off: Mon 23 Nov 2026 08:00Z to 09:00Z; starts in 1 h 20 min */
export function echoText(start, end, now) {
  const day = Math.floor(start / DAY) === Math.floor(end / DAY) ? "" : `${dayText(end)} `;
  const away = start >= now ? `starts in ${spanText(start - now)}` : `started ${spanText(now - start)} ago`;
  return `${dayText(start)} ${timeText(start)} to ${day}${timeText(end)}; ${away}`;
}

/** FL200; 4,500 ft AMSL; SFC */
export function levelText(level) {
  if (level.ref === "SFC" || level.ref === "UNL") return level.ref;
  if (level.ref === "FL" && level.ft % 100 === 0 && level.ft >= 0) return `FL${String(level.ft / 100).padStart(3, "0")}`;
  return `${level.ft} ft ${level.ref === "FL" ? "STD" : level.ref}`;
}

export const bandText = (volume) => `${levelText(volume.lower)}–${levelText(volume.upper)}`;

/** 10 NM (18.5 km) */
export function distanceText(metres) {
  const nm = metres / NM_M;
  return `${nm < 10 ? nm.toFixed(1).replace(/\.0$/, "") : Math.round(nm)} NM (${(metres / 1000).toFixed(1)} km)`;
}

export const degrees = ([lat, lon]) => `${(lat / 1e7).toFixed(4)}, ${(lon / 1e7).toFixed(4)}`;

/** 030; 350.5 */
export function bearingText(mdeg) {
  const [whole, part] = String(mdeg / 1000).split(".");
  return `${whole.padStart(3, "0")}${part ? `.${part}` : ""}`;
}

/** What an area is, in a few words */
export function shapeText(shape) {
  if (shape.type === "circle") return `circle ${distanceText(shape.radius_m)} round ${degrees(shape.centre)}`;
  if (shape.type === "corridor") return `corridor ±${distanceText(shape.half_width_m)}, ${shape.line.length} points`;
  if (shape.type === "line") return `line ±${distanceText(shape.buffer_m)}, ${shape.line.length} points`;
  if (shape.type === "orbit") {
    const lies = shape.side === "CENTRE" ? "around its leg" : `${shape.side.toLowerCase()} of its leg`;
    return `orbit, radius ${distanceText(shape.radius_m)}, ${lies}`;
  }
  if (shape.type === "arc") {
    const radii = shape.inner_m ? `${distanceText(shape.inner_m)} to ${distanceText(shape.outer_m)}` : `to ${distanceText(shape.outer_m)}`;
    return `arc ${radii}, ${bearingText(shape.from_mdeg)}°–${bearingText(shape.to_mdeg)}° round ${degrees(shape.centre)}`;
  }
  const holes = shape.rings.length - 1;
  return `polygon of ${shape.rings[0].length} corners${holes ? `, ${holes} hole${holes > 1 ? "s" : ""}` : ""}`;
}

/** The points of an area, as they can be typed back */
export function pointsText(shape) {
  if (shape.centre) return degrees(shape.centre);
  if (shape.type === "orbit") return [shape.start, shape.end].map(degrees).join("\n");
  return (shape.line ?? shape.rings[0]).map(degrees).join("\n");
}

// --- reading in ------------------------------------------------------------------------------------------------------

/** SFC, UNL, FL200, 4500 ft AMSL, 1500 ft AGL, 1200 m AMSL */
export function readLevel(text, what) {
  const said = text.trim().toUpperCase().replace(/,/g, "");
  if (said === "SFC" || said === "GND") return { ref: "SFC" };
  if (said === "UNL" || said === "UNLIMITED") return { ref: "UNL" };
  const flight = /^FL ?(\d{1,4})$/.exec(said);
  if (flight) return inReach({ ref: "FL", ft: Number(flight[1]) * 100 }, what);
  const height = /^(-?\d+(?:\.\d+)?) ?(FT|M)? ?(AMSL|MSL|AGL|W84|STD)$/.exec(said);
  if (height) {
    const ft = Math.round(Number(height[1]) * (height[2] === "M" ? 1 / 0.3048 : 1));
    return inReach({ ref: { MSL: "AMSL", STD: "FL" }[height[3]] ?? height[3], ft }, what);
  }
  throw new Unusable(`${what}: “${text.trim()}” is not a level. Write FL200, 4500 ft AMSL, 1500 ft AGL, SFC or UNL.`);
}

function inReach(level, what) {
  if (level.ft < FT_LEAST || level.ft > FT_MOST) throw new Unusable(`${what}: a level lies from −2,000 ft to 200,000 ft.`);
  return level;
}

/** 2026-11-23T08:00Z, or 08:00 on the day of `near` */
export function readTime(text, what, near) {
  const said = text.trim().toUpperCase();
  const full = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):?(\d\d)(?::(\d\d))? ?Z$/.exec(said);
  const short = /^(\d\d):?(\d\d)(?::(\d\d))? ?Z?$/.exec(said);
  if (full) {
    const [year, month, day, hour, minute, second] = full.slice(1).map((part) => Number(part ?? 0));
    const ms = Date.UTC(year, month - 1, day, hour, minute, second);
    // Date.UTC takes 30 February for 2 March, and 25:00 for 01:00: what does not come back was not a time.
    if (new Date(ms).toISOString().slice(0, 16).replace(/\D/g, "") === full.slice(1, 6).join("") && second < 60) return ms;
  } else if (short && Number(short[1]) < 24 && Number(short[2]) < 60 && Number(short[3] ?? 0) < 60) {
    const day = Math.floor(near / DAY) * DAY;
    return day + Number(short[1]) * 60 * MINUTE + Number(short[2]) * MINUTE + Number(short[3] ?? 0) * 1000;
  }
  throw new Unusable(`${what}: “${text.trim()}” is not a time. Write 2026-11-23T08:00Z, or 08:00Z for the same day.`);
}

/** A length in NM, as whole metres */
export function readNm(text, what) {
  const said = /^(\d+(?:\.\d+)?) ?(NM|KM|M)?$/.exec(text.trim().toUpperCase());
  if (!said) throw new Unusable(`${what}: “${text.trim()}” is not a distance. Write 5, 5 NM or 9.3 km.`);
  return Math.round(Number(said[1]) * { NM: NM_M, KM: 1000, M: 1 }[said[2] ?? "NM"]);
}

/** Two true bearings, 030-090, as thousandths of a degree */
export function readBearings(text, what) {
  const said = /^(\d{1,3}(?:\.\d{1,3})?)\s*°?\s*(?:-|–|TO)\s*(\d{1,3}(?:\.\d{1,3})?)\s*°?$/.exec(text.trim().toUpperCase());
  const found = said?.slice(1).map((figure) => Math.round(Number(figure) * 1000)) ?? [];
  if (!said || Math.max(...found) > 360_000) {
    throw new Unusable(`${what}: “${text.trim()}” is not two bearings. Write 030-090, degrees true from 000 to 360, clockwise.`);
  }
  return found;
}

const PAIR = /([+-]?\d+(?:\.\d+)?)\s*°?\s*([NS])?\s*(?:,|\s)\s*([+-]?\d+(?:\.\d+)?)\s*°?\s*([EW])?/gi;

/** Positions in degrees, 37.0021, 35.4259 or 3700N 03525E, as [lat, lon] in 1e-7 degrees */
export function readPositions(text, what) {
  const found = [];
  const rest = text.replace(PAIR, (whole, lat, ns, lon, ew) => {
    found.push([angle(lat, ns, 90, what, whole), angle(lon, ew, 180, what, whole)]);
    return "";
  });
  const left = rest.replace(/^[\s;,]+|[\s;,]+$/g, "").replace(/\s+/g, " ");
  if (left) throw new Unusable(`${what}: “${left.slice(0, 40)}” is not a position. Write 37.0021, 35.4259 or 3700N 03525E, one a line.`);
  if (!found.length) throw new Unusable(`${what}: no position yet. Write latitude, longitude, or click on the map.`);
  return found;
}

function angle(text, letter, most, what, whole) {
  const bare = text.replace(/^[+-]/, "");
  const [integer] = bare.split(".");
  let value = Number(text);
  if (letter && integer.length >= (most === 90 ? 4 : 5)) {
    // ddmm or ddmmss before the letter, as on paper charts.
    const sixty = integer.length >= (most === 90 ? 6 : 7);
    const head = Number(integer.slice(0, sixty ? -4 : -2));
    const tail = Number(bare.slice(integer.length - 2));
    const minutes = sixty ? Number(integer.slice(-4, -2)) : tail;
    const seconds = sixty ? tail : 0;
    if (minutes >= 60 || seconds >= 60) throw new Unusable(`${what}: “${whole.trim()}” has 60 minutes or seconds or more.`);
    value = head + minutes / 60 + seconds / 3600;
  }
  if (letter && /[SW]/i.test(letter)) value = -value;
  if (Math.abs(value) > most) {
    throw new Unusable(`${what}: “${whole.trim()}” lies off the Earth; ${most === 90 ? "latitude" : "longitude"} runs from −${most} to ${most}.`);
  }
  return Math.round(value * 1e7);
}

// Time to pixels and back, and the ticks of the time axis in a time zone.
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export class Scale {
  constructor(
    public from: number,
    public to: number,
    public width: number,
  ) {}

  x(at: number): number {
    return ((at - this.from) / (this.to - this.from)) * this.width;
  }

  at(x: number): number {
    return this.from + (x / Math.max(1, this.width)) * (this.to - this.from);
  }

  get perPixel(): number {
    return (this.to - this.from) / Math.max(1, this.width);
  }

  zoom(factor: number, around: number): Scale {
    const length = Math.min(Math.max((this.to - this.from) * factor, 20 * MINUTE), 400 * DAY);
    const part = (around - this.from) / (this.to - this.from);
    return new Scale(around - part * length, around + (1 - part) * length, this.width);
  }

  pan(milliseconds: number): Scale {
    return new Scale(this.from + milliseconds, this.to + milliseconds, this.width);
  }
}

const STEPS = [5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY];
const MONDAY = 4 * DAY; // 1970-01-05: weeks begin on Mondays

export interface Tick {
  at: number;
  label: string;
  strong: boolean;
}

export interface Axis {
  /** Times of the day, or days when those stand too close. */
  fine: Tick[];
  /** The days (or months) that the fine ticks belong to; each is named from its beginning to the next. */
  coarse: Tick[];
}

/** Ticks at round local times, at least `least` pixels apart; midnights are strong. */
export function axis(scale: Scale, zone: string | undefined, language: string, least = 58): Axis {
  const step = STEPS.find((one) => one / scale.perPixel >= least) ?? 28 * DAY;
  const clock = formatter(language, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = formatter(language, zone, { weekday: "short", day: "numeric" });
  const fine = localSteps(scale, zone, step).map(({ at, local }) => ({
    at, strong: local % DAY === 0, label: step >= DAY ? day.format(at) : clock.format(at),
  }));
  return { fine, coarse: step >= DAY ? months(scale, zone, language) : namedDays(scale, zone, language) };
}

function namedDays(scale: Scale, zone: string | undefined, language: string): Tick[] {
  const long = formatter(language, zone, { weekday: "long", day: "numeric", month: "long" });
  const short = formatter(language, zone, { weekday: "short", day: "numeric", month: "short" });
  const format = DAY / scale.perPixel > 190 ? long : short;
  return midnights(scale.from, scale.to, zone).map((at) => ({ at, strong: true, label: format.format(at) }));
}

function months(scale: Scale, zone: string | undefined, language: string): Tick[] {
  const name = formatter(language, zone, { month: "long", year: "numeric" });
  const found: Tick[] = [];
  let before = "";
  for (const at of midnights(scale.from, scale.to, zone)) {
    const label = name.format(at);
    if (label !== before) found.push({ at, strong: true, label });
    before = label;
  }
  return found;
}

/** The local midnights from the one at or before `from` to the one at or after `to`. */
export function midnights(from: number, to: number, zone: string | undefined): number[] {
  const found: number[] = [];
  for (let local = Math.floor((from + offset(from, zone)) / DAY) * DAY; found.length < 450; local += DAY) {
    const at = toUtc(local, zone);
    found.push(at);
    if (at >= to) break;
  }
  return found;
}

function localSteps(scale: Scale, zone: string | undefined, step: number): { at: number; local: number }[] {
  const found: { at: number; local: number }[] = [];
  const shift = step >= 7 * DAY ? MONDAY : 0;
  let local = Math.floor((scale.from + offset(scale.from, zone) - shift) / step) * step + shift;
  for (let count = 0; count < 400; count += 1, local += step) {
    const at = toUtc(local, zone);
    if (at > scale.to) break;
    found.push({ at, local });
  }
  return found;
}

function toUtc(local: number, zone: string | undefined): number {
  return local - offset(local - offset(local, zone), zone);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Formatters are costly to make and asked for in every frame. */
export function formatter(language: string, zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${zone} ${JSON.stringify(options)}`;
  const known = formatters.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { ...options, timeZone: zone });
  formatters.set(key, made);
  return made;
}

const offsets = new Map<string, number>();

/** How far local time in the zone is ahead of UTC at a moment; constant within a quarter of an hour everywhere. */
function offset(at: number, zone: string | undefined): number {
  const key = `${zone}${Math.floor(at / (15 * MINUTE))}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const parts: Record<string, number> = {};
  const format = formatter("en", zone, {
    hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  });
  for (const part of format.formatToParts(at)) parts[part.type] = Number(part.value);
  const local = Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!);
  const result = Math.round((local - at) / MINUTE) * MINUTE;
  if (offsets.size > 5000) offsets.clear();
  offsets.set(key, result);
  return result;
}

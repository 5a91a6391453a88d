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

export interface Tick {
  at: number;
  label: string;
  strong: boolean;
}

/** Ticks at round local times, at least `least` pixels apart; midnights are strong and carry the date. */
export function ticks(scale: Scale, zone: string | undefined, language: string, least = 76): Tick[] {
  const step = STEPS.find((one) => one / scale.perPixel >= least) ?? 28 * DAY;
  const time = new Intl.DateTimeFormat(language, { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const day = new Intl.DateTimeFormat(language, { timeZone: zone, weekday: "short", day: "numeric", month: "short" });
  const found: Tick[] = [];
  let local = Math.floor((scale.from + offset(scale.from, zone)) / step) * step;
  for (let count = 0; count < 400; count += 1, local += step) {
    const at = local - offset(local - offset(local, zone), zone);
    if (at > scale.to) break;
    const strong = local % DAY === 0;
    found.push({ at, strong, label: strong || step >= DAY ? day.format(at) : time.format(at) });
  }
  return found;
}

const offsets = new Map<string, number>();

/** How far local time in the zone is ahead of UTC at a moment; constant within an hour. */
function offset(at: number, zone: string | undefined): number {
  const key = `${zone}${Math.floor(at / HOUR)}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const parts: Record<string, number> = {};
  const format = new Intl.DateTimeFormat("en", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
  });
  for (const part of format.formatToParts(at)) parts[part.type] = Number(part.value);
  const local = Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!, parts.second!);
  const result = Math.round((local - at) / MINUTE) * MINUTE;
  if (offsets.size > 5000) offsets.clear();
  offsets.set(key, result);
  return result;
}

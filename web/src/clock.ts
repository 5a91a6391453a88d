// What time it is for people and in the plant; the two differ only where the plant is simulated.
interface Clocks {
  wall: number;
  plant: number;
  speed: number;
}

let anchor = { ...read(), at: performance.now() };

function read(): Clocks {
  const told = document.querySelector<HTMLMetaElement>('meta[name="clocks"]')?.content;
  return told ? (JSON.parse(told) as Clocks) : { wall: Date.now(), plant: Date.now(), speed: 1 };
}

/** Milliseconds since 1970 on the people's clock. */
export function wallNow(): number {
  return anchor.wall + (performance.now() - anchor.at);
}

/** Milliseconds since 1970 on the plant's clock. */
export function plantNow(): number {
  return anchor.plant + (performance.now() - anchor.at) * anchor.speed;
}

export function plantSpeed(): number {
  return anchor.speed;
}

/** A fresh answer told what time it is in the plant: believe it. */
export function setPlantNow(plant: number): void {
  anchor = { wall: wallNow(), plant, speed: anchor.speed, at: performance.now() };
}

/** A bar of what is left. */
import type { Hue, Paint } from "./paint.js"

const hueOf = (percent: number): Hue => (percent <= 10 ? "red" : percent <= 25 ? "yellow" : "green")

/** `remaining` percent of `cells`: something left always shows, and so does something used. */
export const bar = (remaining: number, cells: number, paint: Paint): string => {
  const share = Math.min(100, Math.max(0, remaining)) / 100
  const rounded = Math.round(share * cells)
  const filled = share > 0 && rounded === 0 ? 1 : share < 1 && rounded === cells ? cells - 1 : rounded
  return paint(hueOf(remaining), "█".repeat(filled)) + paint("dim", "░".repeat(cells - filled))
}

/** Such as `39% left`. Less than one percent is not nothing, and less than all is not all. */
export const percentLeft = (remaining: number, paint: Paint): string => {
  const rounded = Math.round(remaining)
  const shown = remaining > 0 && rounded === 0 ? "<1" : remaining < 100 && rounded === 100 ? "99" : String(rounded)
  return paint(hueOf(remaining), `${shown.padStart(3)}% left`)
}

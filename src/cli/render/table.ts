/** Columns of text. */
import type { Canvas } from "./limits.js"
import { columnsOf, padEnd, wrap } from "./text.js"

/** Columns as wide as their widest cell. On a screen too narrow for that each row becomes a block of lines. */
export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  { columns, paint }: Canvas
): ReadonlyArray<string> => {
  const widths = head.map((name, index) => Math.max(columnsOf(name), ...rows.map((row) => columnsOf(row[index] ?? ""))))
  const whole = widths.reduce((sum, width) => sum + width + 2, -2)
  const line = (cells: ReadonlyArray<string>) =>
    cells.map((cell, index) => (index === cells.length - 1 ? cell : padEnd(cell, (widths[index] ?? 0) + 2))).join("")
  if (whole <= columns) return [paint("dim", line(head)), ...rows.map(line)]
  return rows.flatMap(([first = "", ...cells]) => [
    ...wrap(paint("bold", first), columns),
    ...cells.flatMap((cell, index) => wrap(`${head[index + 1] ?? ""}: ${cell}`, columns, "  ", "    "))
  ])
}

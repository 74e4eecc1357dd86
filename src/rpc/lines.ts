/** Splits bytes into lines of text. */
import { isUtf8 } from "node:buffer"

/**
 * Takes bytes in pieces of any size. `push` returns the lines that end in a piece, without their line ends; `end` returns
 * an unfinished last line. A line that is not UTF-8, or too long, is left out.
 */
export interface LineSplitter {
  readonly push: (piece: Uint8Array) => ReadonlyArray<string>
  readonly end: () => ReadonlyArray<string>
  /** How many lines were left out. */
  readonly skipped: () => number
}

const newline = 0x0a
const carriageReturn = 0x0d

/** The size of the buffer that is kept between two long lines. */
const smallest = 64 * 1024

/**
 * A line above `maxBytes` is skipped, and costs no more memory than that. Every byte is copied at most a constant number
 * of times, however small the pieces are.
 */
export const makeLineSplitter = ({ maxBytes }: { readonly maxBytes: number }): LineSplitter => {
  let begun = Buffer.alloc(0)
  let size = 0
  let skipping = false
  let skipped = 0

  const keep = (piece: Buffer): void => {
    if (skipping || piece.length === 0) return
    if (size + piece.length > maxBytes) {
      skipping = true
      size = 0
      return
    }
    if (size + piece.length > begun.length) {
      const grown = Buffer.allocUnsafe(Math.max(smallest, begun.length * 2, size + piece.length))
      begun.copy(grown, 0, 0, size)
      begun = grown
    }
    piece.copy(begun, size)
    size += piece.length
  }

  const read = (bytes: Buffer, lines: Array<string>): void => {
    if (isUtf8(bytes)) lines.push(bytes.toString("utf8"))
    else skipped += 1
  }

  const close = (last: Buffer, lines: Array<string>): void => {
    const isWhole = size === 0 && !skipping && last.length <= maxBytes
    if (!isWhole) keep(last)
    if (skipping) skipped += 1
    else {
      const line = isWhole ? last : begun.subarray(0, size)
      read(line.at(-1) === carriageReturn ? line.subarray(0, -1) : line, lines)
    }
    skipping = false
    size = 0
    if (begun.length > smallest) begun = Buffer.alloc(0)
  }

  return {
    push: (given) => {
      const piece = Buffer.isBuffer(given) ? given : Buffer.from(given.buffer, given.byteOffset, given.byteLength)
      const lines: Array<string> = []
      let start = 0
      for (;;) {
        const end = piece.indexOf(newline, start)
        if (end < 0) break
        close(piece.subarray(start, end), lines)
        start = end + 1
      }
      keep(piece.subarray(start))
      return lines
    },
    end: () => {
      const lines: Array<string> = []
      if (skipping) skipped += 1
      else if (size > 0) read(begun.subarray(0, size), lines)
      skipping = false
      size = 0
      return lines
    },
    skipped: () => skipped
  }
}

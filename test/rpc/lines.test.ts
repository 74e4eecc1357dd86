import { assert, describe, it, vi } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { makeLineSplitter } from "../../src/rpc/lines.js"

const bytesOf = (text: string) => Buffer.from(text, "utf8")

interface Read {
  readonly lines: ReadonlyArray<string>
  readonly skipped: number
}

const readIn = (pieces: ReadonlyArray<Uint8Array>, maxBytes = 1000): Read => {
  const splitter = makeLineSplitter({ maxBytes })
  const lines = [...pieces.flatMap(splitter.push), ...splitter.end()]
  return { lines, skipped: splitter.skipped() }
}

/** The same by the simplest means, over all bytes at once. */
const readAtOnce = (bytes: Buffer, maxBytes = 1000): Read => {
  const raw: Array<Buffer> = []
  let start = 0
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== 10) continue
    raw.push(bytes.subarray(start, i))
    start = i + 1
  }
  const lines: Array<string> = []
  let skipped = 0
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
  for (const [index, one] of [...raw, bytes.subarray(start)].entries()) {
    const isLast = index === raw.length
    if (isLast && one.length === 0) continue
    if (one.length > maxBytes) {
      skipped += 1
      continue
    }
    const line = !isLast && one.at(-1) === 13 ? one.subarray(0, -1) : one
    try {
      lines.push(decoder.decode(line))
    } catch {
      skipped += 1
    }
  }
  return { lines, skipped }
}

const cut = (bytes: Buffer, at: ReadonlyArray<number>): ReadonlyArray<Buffer> => {
  const places = [...new Set(at.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((from, i) => bytes.subarray(from, places[i] ?? bytes.length))
}

/** Bytes in which line ends, returns, whole and broken characters are likely. */
const stretch = FastCheck.oneof(
  FastCheck.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  FastCheck.constantFrom("\n", "\r\n", "\r", "é", "試", "👍🏽", "\ufeff", '{"id":1}', "x".repeat(30)).map(bytesOf),
  FastCheck.constantFrom([0xff], [0xc3], [0xf0, 0x9f], [0xed, 0xa0, 0x80], [0xc0, 0x80]).map((bytes) =>
    Buffer.from(bytes)
  )
)
const anyBytes = FastCheck.array(stretch, { maxLength: 40 }).map((parts) => Buffer.concat(parts))
const anyCuts = FastCheck.array(FastCheck.nat(), { maxLength: 30 })

describe("lines", () => {
  it.each<readonly [string, ReadonlyArray<string>, ReadonlyArray<string>]>([
    ["one", ["a\n"], ["a"]],
    ["several in one piece", ["a\nb\nc\n"], ["a", "b", "c"]],
    ["one in several pieces", ["a", "b", "c\n"], ["abc"]],
    ["ends of both kinds", ["a\r\nb\n"], ["a", "b"]],
    ["an end in two pieces", ["a\r", "\nb\n"], ["a", "b"]],
    ["a return that is no end", ["a\rb\r\r\n"], ["a\rb\r"]],
    ["empty ones", ["\n\n\r\n"], ["", "", ""]],
    ["the last without an end", ["a\nb"], ["a", "b"]],
    ["a byte order mark", ["\ufeffa\n"], ["\ufeffa"]],
    ["nothing", [], []]
  ])("%s", (_, pieces, lines) => assert.deepStrictEqual(readIn(pieces.map(bytesOf)), { lines, skipped: 0 }))

  it("characters that are split between pieces", () => {
    const bytes = bytesOf("試👍🏽é\n")
    assert.deepStrictEqual(readIn(Array.from(bytes, (byte) => Buffer.of(byte))).lines, ["試👍🏽é"])
  })

  it("a line that is not UTF-8 is left out alone", () => {
    const read = readIn([bytesOf("a\nb"), Buffer.of(0xff), bytesOf("c\nd\n"), bytesOf("e\n")])
    assert.deepStrictEqual(read, { lines: ["a", "d", "e"], skipped: 1 })
  })

  it("a line that is too long is left out alone", () => {
    const read = readIn(["a\n", "x".repeat(600), "x".repeat(600), "y\nb\n", "z".repeat(1001), "\nc\n"].map(bytesOf))
    assert.deepStrictEqual(read, { lines: ["a", "b", "c"], skipped: 2 })
  })

  it("a byte of 20 MiB in small pieces is copied only a few times", () => {
    const size = 20 * 1024 * 1024
    const piece = Buffer.alloc(1024, "x")
    const splitter = makeLineSplitter({ maxBytes: 2 * size })
    const allocated = vi.spyOn(Buffer, "allocUnsafe")
    for (let sent = 0; sent < size; sent += piece.length) assert.strictEqual(splitter.push(piece).length, 0)
    // What was kept before is copied into each new buffer: anew for every piece it would be 200 GiB.
    assert.isBelow(
      allocated.mock.calls.reduce((sum, [bytes]) => sum + bytes, 0),
      4 * size
    )
    const [line] = splitter.push(bytesOf("\n"))
    assert.strictEqual(line?.length, size)
  })

  it.prop(
    "any cutting of any bytes gives the same lines",
    [anyBytes, anyCuts, FastCheck.integer({ min: 1, max: 60 })],
    ([bytes, cuts, max]) => {
      assert.deepStrictEqual(readIn(cut(bytes, cuts), max), readAtOnce(bytes, max))
    }
  )

  it.prop(
    "what text went in as lines comes out",
    [FastCheck.array(FastCheck.fullUnicodeString()), anyCuts],
    ([texts, cuts]) => {
      const lines = texts.map((text) => text.replace(/[\r\n]/g, ""))
      const bytes = bytesOf(lines.map((line) => `${line}\n`).join(""))
      assert.deepStrictEqual(readIn(cut(bytes, cuts)), { lines, skipped: 0 })
    }
  )
})

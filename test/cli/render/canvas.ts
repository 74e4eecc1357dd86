/** What the pictures are drawn on: some hours east of Greenwich, at the time of the snapshots. */
import * as DateTime from "effect/DateTime"
import type { Canvas } from "../../../src/cli/render/limits.js"
import { paintFor } from "../../../src/cli/render/paint.js"
import { fetchedAt } from "../../domain/snapshots.js"

const zone = DateTime.zoneMakeOffset(2 * 3_600_000)

export const canvas = (columns: number, options: { readonly color?: boolean; readonly now?: DateTime.Utc } = {}) =>
  ({
    columns,
    paint: paintFor(options.color ?? false),
    now: DateTime.setZone(options.now ?? fetchedAt, zone)
  }) satisfies Canvas

/** Lines as one text that a test can hold. */
export const asText = (lines: ReadonlyArray<string>): string => `\n${lines.join("\n")}\n`

/** Controls, and marks that reorder or hide text. */
export const unseen =
  /[\p{Cc}\u00ad\u061c\u180e\u3164\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u

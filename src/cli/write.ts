/** The two streams of the process. */
import * as Effect from "effect/Effect"
import type { Write } from "./Report.js"

/** Waits until the text is out, so that ending the process cuts nothing off. A reader who left is no error. */
export const writeTo =
  (streams: Readonly<Record<"stdout" | "stderr", NodeJS.WritableStream>>): Write =>
  (stream, text) =>
    Effect.async<void>((resume) => {
      streams[stream].write(text, () => resume(Effect.void))
    }).pipe(Effect.uninterruptible)

/** Who the requests say they come from. */
import * as Os from "node:os"
import { version } from "../../domain/version.js"

/** Our own name and version, and the platform, in printable ASCII. */
export const userAgent: string = `effect-codex-account/${version} (${Os.type()} ${Os.release()}; ${Os.arch()})`.replace(
  /[^\u0020-\u007e]/g,
  "_"
)

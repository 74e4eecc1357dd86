/**
 * Who the requests say they come from.
 *
 * @since 0.1.0
 */
import * as Os from "node:os"
import { version } from "../../domain/version.js"

/**
 * Our own name and version, and the platform, in printable ASCII.
 *
 * @since 0.1.0
 * @category constants
 */
export const userAgent: string = `effect-codex-account/${version} (${Os.type()} ${Os.release()}; ${Os.arch()})`.replace(
  /[^\u0020-\u007e]/g,
  "_"
)

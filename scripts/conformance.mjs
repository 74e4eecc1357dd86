/**
 * Plays the recorded exchanges of the original app-server against ours: `npm run conformance`. See
 * test/conformance/README.md for its options.
 */
import { fileURLToPath } from "node:url"
import { node, tool } from "./tools.mjs"

const main = fileURLToPath(new URL("../test/conformance/main.ts", import.meta.url))
process.exitCode = node([tool("tsx"), main, ...process.argv.slice(2)])

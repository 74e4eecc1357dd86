/** `npm start` shows the demo. Other commands follow a double dash: `npm start -- redeem --demo`. */
import { node } from "./tools.mjs"

const given = process.argv.slice(2)
const built = node(["scripts/build-bin.mjs", "--if-needed"])
process.exit(built !== 0 ? built : node(["dist/bin.js", ...(given.length > 0 ? given : ["usage", "--demo"])]))

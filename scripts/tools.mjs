/** How the scripts find and run the development tools, on any platform and without a shell. */
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export const home = dirname(dirname(fileURLToPath(import.meta.url)))

/** The file behind a package's command, such as `tool("typescript", "tsc")`. */
export const tool = (packageName, command = packageName) => {
  const folder = join(home, "node_modules", packageName)
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  return join(folder, typeof bin === "string" ? bin : bin[command])
}

/** Runs Node with these arguments; the exit status, 1 if there was none. */
export const node = (args, options = {}) =>
  spawnSync(process.execPath, args, { cwd: home, stdio: "inherit", ...options }).status ?? 1

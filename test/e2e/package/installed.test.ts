/**
 * The packed package, installed from the registry beside its peers into empty projects, and used as README.md says.
 * Skipped where there is no registry. `TEST_NODES` lists the paths of the Nodes to run it on.
 */
import { afterAll, assert, beforeAll, describe, it, type TestContext } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync } from "node:fs"
import { delimiter, join } from "node:path"
import { linksIn, programsIn } from "../../documents.js"
import {
  compile,
  entries,
  hasRegistry,
  type ManagerName,
  manage,
  managers,
  pack,
  readme,
  resolutions,
  run,
  scratch,
  write
} from "./project.js"

const nodes = (process.env.TEST_NODES ?? process.execPath).split(delimiter).filter((path) => path !== "")
const everyEntry = entries.map((path, index) => `export * as m${index} from "effect-codex-account${path.slice(1)}"`)
const programs = [...programsIn(readme), everyEntry.join("\n")]

const { folder, remove } = scratch()
const projectOf = (name: ManagerName) => join(folder, name)
let tarball: string | undefined

beforeAll(async () => {
  if (await hasRegistry(folder)) tarball = await pack(folder)
})
afterAll(remove)

/** Node 20 knows no `require` of ES modules. */
const requiring = `const [major] = process.versions.node.split(".")
console.log(major < 22 ? "too old" : typeof require("effect-codex-account/layers/Live").layerConfig)`

/** The installed command's own backend, with a home of a client of it. */
const startBackend = async (node: string, project: string, home: string) => {
  mkdirSync(home, { recursive: true })
  const bin = join(project, "node_modules/effect-codex-account/dist/bin.js")
  const child = spawn(node, [bin, "backend", "--port", "0", "--home", home, "--json"], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const stop = async () => {
    const ended = once(child, "exit")
    if (child.exitCode === null && child.kill()) await ended
  }
  // Its answer, or its end.
  await Promise.race([once(child.stdout, "data"), once(child, "exit")])
  return { stop }
}

/** Makes the project of a package manager once; skips the test where that can't be. */
const install = async (name: ManagerName, { skip }: TestContext): Promise<string> => {
  const project = projectOf(name)
  if (tarball === undefined) return skip("the registry of npm can't be reached")
  if (existsSync(join(project, "node_modules"))) return project
  write(project, { "package.json": JSON.stringify({ private: true, type: "module" }), ...managers[name].files })
  if ((await manage(project, name, ["--version"])).status !== 0) return skip(`npx can't bring ${name}`)
  const { output, status } = await manage(project, name, managers[name].add(tarball))
  assert.strictEqual(status, 0, output)
  return project
}

describe.each(Object.keys(managers) as ReadonlyArray<ManagerName>)("installed by %s", (name) => {
  it.for(Object.entries(resolutions))(
    "README.md's programs and every entry compile: %s",
    async ([as, options], context) => {
      const project = await install(name, context)
      assert.deepStrictEqual(await compile(project, as, programs, options), [])
    }
  )
})

describe("the installed package", () => {
  it("has what its README.md links to", async (context) => {
    const own = join(await install("npm", context), "node_modules/effect-codex-account")
    assert.deepStrictEqual(
      linksIn(readme).filter(({ path }) => !existsSync(join(own, path))),
      []
    )
  })

  it("control: a program that does not compile is found", async (context) => {
    const project = await install("npm", context)
    const program = 'import { nothing } from "effect-codex-account/services/RateLimits"\nnothing()\n'
    const errors = await compile(project, "control", [program], resolutions.nodenext)
    assert.match(errors.join("\n"), /^control\/program0\.ts\(1,10\): error TS2305/)
  })

  it.for(nodes)(
    "runs README.md's first program against its own backend, and is required, on %s",
    async (node, context) => {
      const project = await install("npm", context)
      const home = join(project, "home")
      const backend = await startBackend(node, project, home)
      try {
        if (!existsSync(join(project, "run"))) await compile(project, "run", programs.slice(0, 1), resolutions.nodenext)
        const ran = await run(project, node, [join("run", "out", "program0.js")], { CODEX_HOME: home })
        assert.match(ran.output, /INFO .*: weekly: \d+ % left/)
      } finally {
        await backend.stop()
      }
      const required = await run(project, node, ["-e", requiring])
      assert.match(required.output, /^(?:function|too old)$/m)
    }
  )
})

import { it } from "@effect/vitest"
import { deepStrictEqual } from "node:assert"
import { existsSync, readFileSync } from "node:fs"

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")

const { exports }: { readonly exports: Record<string, unknown> } = JSON.parse(read("../package.json"))

it("every module of the index is an entry of the package, and no other module is one", () => {
  const modules = [...read("../src/index.ts").matchAll(/from "\.\/(.+)\.js"/g)].map(([, path]) => `./${path}`)
  const beside = new Set([".", "./testing", "./app-server", "./package.json", "./domain/version"])
  const own = (paths: ReadonlyArray<string>) => paths.filter((path) => !beside.has(path)).toSorted()
  deepStrictEqual(own(Object.keys(exports)), own(modules))
})

it("every entry has its types first, and one module for import and require", () => {
  const entries = Object.entries(exports).filter(([path]) => path !== "./package.json")
  const built = (path: string) => (existsSync(new URL(`../src/${path}.ts`, import.meta.url)) ? path : `${path}/index`)
  deepStrictEqual(
    entries.map(([path, entry]) => [path, JSON.stringify(entry)]),
    entries.map(([path]) => {
      const file = `./dist/${path === "." ? "index" : built(path.slice(2))}`
      return [path, JSON.stringify({ types: `${file}.d.ts`, default: `${file}.js` })]
    })
  )
})

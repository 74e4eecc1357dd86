import { it } from "@effect/vitest"
import { deepStrictEqual } from "node:assert"
import { readFileSync } from "node:fs"

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")

it("every module of the index is an entry of the package, and no other module is one", () => {
  const modules = [...read("../src/index.ts").matchAll(/from "\.\/(.+)\.js"/g)].map(([, path]) => `./${path}`)
  const { exports }: { readonly exports: Record<string, unknown> } = JSON.parse(read("../package.json"))
  const beside = new Set([".", "./testing", "./app-server", "./package.json", "./domain/version"])
  const own = (paths: ReadonlyArray<string>) => paths.filter((path) => !beside.has(path)).toSorted()
  deepStrictEqual(own(Object.keys(exports)), own(modules))
})

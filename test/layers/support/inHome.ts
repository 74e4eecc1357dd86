import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { cases } from "../../cases.js"
import { temporaryHome } from "./home.js"

/** Tests with a `CODEX_HOME` of their own. */
export const inHome = cases<[home: string]>(it.scoped, (use) => Effect.flatMap(temporaryHome(), use))
export const inHomeLive = cases<[home: string]>(it.scopedLive, (use) => Effect.flatMap(temporaryHome(), use))

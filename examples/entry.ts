/**
 * A Node entry: the usage of the account in `CODEX_HOME`, or of an embedded backend on loopback where there is none.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Live from "effect-codex-account/layers/Live"
import { showUsage } from "effect-codex-account/programs/usage"
import { AuthSession } from "effect-codex-account/services/AuthSession"
import { FakeBackend, ScriptedDialog, TestAccount } from "effect-codex-account/testing"
import { existsSync } from "node:fs"

const main = Effect.gen(function* () {
  const { snapshot, verdict } = yield* showUsage
  for (const { name, remainingPercent } of snapshot.main.windows) {
    yield* Console.log(`${name}: ${remainingPercent} % left`)
  }
  yield* Console.log(verdict.state)
})

const signIn = Effect.gen(function* () {
  const { record } = yield* Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.signIn())
  yield* Effect.flatMap(AuthSession, (session) => session.signIn(record))
})

const Embedded = Layer.effectDiscard(signIn).pipe(
  Layer.provideMerge(Live.layer),
  Layer.provide(TestAccount.layerSettings()),
  Layer.provide(FakeBackend.layerServer())
)

const Account = existsSync(process.env["CODEX_HOME"] ?? "") ? Live.layerConfig() : Embedded

NodeRuntime.runMain(main.pipe(Effect.provide([Account, ScriptedDialog.layer()]), Effect.provide(NodeContext.layer)))

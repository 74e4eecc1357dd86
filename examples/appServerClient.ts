/**
 * A client of the app-server in the same process: what a user interface that speaks the protocol would embed.
 *
 * The server stands on the same services as the rest of the application, with one session for both. Here they end in the
 * fake backend: nothing leaves this process.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { AppServerClient, ClientRequests, InProcess, mergeRateLimits, Server } from "effect-codex-account/app-server"
import * as CredentialStoreEphemeral from "effect-codex-account/layers/CredentialStoreEphemeral"
import * as LeaseMemory from "effect-codex-account/layers/LeaseMemory"
import * as Live from "effect-codex-account/layers/Live"
import * as OperationJournalMemory from "effect-codex-account/layers/OperationJournalMemory"
import * as SignInHttp from "effect-codex-account/layers/SignInHttp"
import { readUsage } from "effect-codex-account/programs/usage"
import { FakeBackend, TestAccount } from "effect-codex-account/testing"
import { deepStrictEqual, ok } from "node:assert"

const SignedIn = Layer.unwrapEffect(
  Effect.gen(function* () {
    const backend = yield* FakeBackend.FakeBackend
    return CredentialStoreEphemeral.layerMemory((yield* backend.signIn()).record)
  })
)

// The services, the server over them, and a client of the server: three layers, each on the one below.
const Account = Layer.merge(Live.layerServices, SignInHttp.layer).pipe(
  Layer.provideMerge(Layer.mergeAll(LeaseMemory.layer, OperationJournalMemory.layerMemory, ClientRequests.layer)),
  Layer.provideMerge(Layer.merge(SignedIn, TestAccount.layerSettings())),
  Layer.provideMerge(FakeBackend.layerClient())
)
const App = InProcess.layer({ clientName: "example", clientVersion: "1.0.0" }).pipe(
  Layer.provide(Server.layer()),
  Layer.provideMerge(Account)
)

const program = Effect.gen(function* () {
  const client = yield* AppServerClient.AppServerClient

  // Tag and method distinguish the events; their params are typed.
  const updates = yield* client.events.pipe(
    Stream.filter(AppServerClient.isNotification("account/updated")),
    Stream.take(1),
    Stream.runForEach(({ params }) => Console.log(`account/updated: ${params.authMode}, ${params.planType}`)),
    Effect.fork
  )

  const { account } = yield* client.request("account/read")
  ok(account?.type === "chatgpt")
  yield* Console.log(`account/read: ${account.type}, ${account.planType}`)

  const limits = yield* client.request("account/rateLimits/read")
  const { rateLimits } = limits
  yield* Console.log(`account/rateLimits/read: ${rateLimits.primary?.usedPercent} % used`)

  // Later updates hold only what has changed.
  const later = mergeRateLimits(limits, { ...rateLimits, primary: null, planType: null })
  deepStrictEqual(later.rateLimits, rateLimits)

  // An error is the server's answer, no answer at all, or an answer that can't be read.
  const refused = yield* Effect.flip(client.request("account/rateLimitResetCredit/consume", { idempotencyKey: "" }))
  yield* Console.log(refused.message)
  ok(refused._tag === "ServerError" && refused.error.code === -32600)

  yield* updates

  // The programs of the library go by the same session, and know nothing of the server.
  const { plan } = yield* readUsage()
  yield* Console.log(`readUsage: ${plan}`)
})

await Effect.runPromise(program.pipe(Effect.provide(App)))

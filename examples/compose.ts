/**
 * The account services inside a larger application: a runner of jobs that pauses while the account is blocked.
 *
 * The application brings its own service, its own HTTP client, its own answers to questions and its own tracer. Here
 * the client ends in the fake backend, so that no account is needed: nothing leaves this process.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Tracer from "effect/Tracer"
import type { Verdict } from "effect-codex-account/domain/Verdict"
import * as Live from "effect-codex-account/layers/Live"
import { guard } from "effect-codex-account/programs/usage"
import { Dialog, DialogError } from "effect-codex-account/services/Dialog"
import { FakeAccount, FakeBackend, TestAccount } from "effect-codex-account/testing"
import { ok } from "node:assert"

// A service of the application. Its layer asks for ours by their tags, and knows nothing of how they are answered.
class JobRunner extends Context.Tag("effect-codex-account/examples/compose/JobRunner")<
  JobRunner,
  { readonly run: <A>(name: string, job: Effect.Effect<A>) => Effect.Effect<A, Effect.Effect.Error<typeof guard>> }
>() {}

const advice = ({ remedies, until }: Verdict): string =>
  remedies
    .map((remedy) => {
      if (remedy._tag === "Wait") return until === null ? "wait" : `wait until ${DateTime.formatIso(until)}`
      return remedy._tag === "Redeem" ? `redeem one of ${remedy.available} resets` : remedy._tag
    })
    .join(", or ")

const JobRunnerLive = Layer.effect(
  JobRunner,
  Effect.gen(function* () {
    const services = yield* Effect.context<Effect.Effect.Context<typeof guard>>()
    const whenUsable: Effect.Effect<void, Effect.Effect.Error<typeof guard>> = Effect.gen(function* () {
      const { usable, verdict } = yield* guard
      if (usable) return
      yield* Console.log(`paused: ${advice(verdict)}`)
      const now = yield* Clock.currentTimeMillis
      // A reset that is due has no time any more: look again soon.
      yield* Effect.sleep(verdict.until === null ? "1 second" : Math.max(0, verdict.until.epochMillis - now))
      yield* whenUsable
    }).pipe(Effect.provide(services))
    return {
      run: (name, job) =>
        Effect.zipRight(whenUsable, job).pipe(Effect.withSpan("JobRunner.run", { attributes: { name } }))
    }
  })
)

// Questions of our programs go to the application. This one runs unattended, so every question is refused.
const refuse = (question: { readonly id: string }) =>
  new DialogError({ reason: "NotInteractive", question: question.id, detail: null })
const DialogUnattended = Layer.succeed(Dialog, {
  confirm: refuse,
  choose: refuse,
  ask: refuse,
  progress: <A, E, R>(label: string, work: Effect.Effect<A, E, R>) => Effect.withLogSpan(work, label),
  notice: (text) => Effect.log(text)
})

// The one HTTP client of the application: whatever it does, it does for us too. In production it ends in a socket.
const requests: Array<string> = []
const LoggingClient = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(FakeBackend.FakeBackend, (backend) =>
    HttpClient.tapRequest(FakeBackend.httpClient(backend), ({ method, url }) =>
      Effect.sync(() => requests.push(`${method} ${new URL(url).pathname}`))
    )
  )
)

// The application's tracer; an exporter of OpenTelemetry would stand in the same place.
const spans: Array<string> = []
const TracerRecording = Layer.unwrapEffect(
  Effect.map(Effect.tracer, (inner) =>
    Layer.setTracer(
      Tracer.make({
        span: (name, ...rest) => {
          spans.push(name)
          return inner.span(name, ...rest)
        },
        context: (run, fiber) => inner.context(run, fiber)
      })
    )
  )
)

// An account whose five-hour window is used up, and starts anew two seconds from now.
const Backend = FakeBackend.layer({
  accounts: (now) => [
    {
      primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent: 100, resetsInSeconds: 2 }),
      credits: null
    }
  ]
})

const App = JobRunnerLive.pipe(
  Layer.provide(Live.layerServices),
  Layer.provide(DialogUnattended),
  Layer.provide(TestAccount.layerParts()),
  Layer.provide(LoggingClient),
  Layer.provide(Backend),
  Layer.provideMerge(TracerRecording)
)

const program = Effect.gen(function* () {
  const runner = yield* JobRunner
  yield* runner.run("nightly report", Console.log("job: nightly report"))
  yield* Console.log(`requests: ${requests.join(", ")}`)
  yield* Console.log(`spans: ${[...new Set(spans)].join(", ")}`)
  ok(spans.includes("JobRunner.run") && spans.includes("codex.program.guard"))
  ok(requests.filter((request) => request === "GET /backend-api/wham/usage").length >= 2)
})

await Effect.runPromise(program.pipe(Effect.provide(App)))

/** `codex-account backend`: the fake backend as a server of its own. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { accountsAt, FakeAccountsText } from "../../testing/FakeAccounts.js"
import { FakeBackend, type FakeBackendService, layerServer } from "../../testing/FakeBackend.js"
import { FaultPlanText } from "../../testing/FaultPlan.js"
import { journalFile } from "../../services/OperationJournal.js"
import { badUsage } from "../Command.js"
import { demoAccount, writeHome } from "../demoHome.js"
import { backendFields } from "../json/outputs.js"
import { present } from "../Report.js"

/** What a file says, in the words of a schema. */
const readData = <A>(flag: string, file: string, schema: Schema.Schema<A, string>, example: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* Effect.mapError(fs.readFileString(file), () => badUsage(`${flag}: ${file} can't be read.`))
    return yield* Schema.decode(schema)(text).pipe(
      Effect.mapError((error) => {
        const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
        const where = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`
        return badUsage(
          `${flag}: ${file} can't be understood${where}: ${issue?.message ?? "not what is expected"}.`,
          `It looks like ${example}`
        )
      })
    )
  })

const planExample = '[{"endpoint": "usage.read", "call": 1, "fault": {"_tag": "Hang"}}]'
const accountsExample = '[{"email": "ada@example.test", "planType": "plus", "resetCredits": [{"id": "rc_1"}]}]'

/** Puts a sign-in into an empty folder, and takes it out again at the end. */
const makeHome = (home: string, backend: FakeBackendService) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const folder = path.resolve(home)
    const present = yield* Effect.orElseSucceed(fs.readDirectory(folder), () => null)
    if (present !== null && present.length > 0) {
      return yield* badUsage(
        `${folder} is not empty, so nothing was written to it.`,
        "Choose a new or an empty folder."
      )
    }
    // A folder that was there before stays; what a client may have put beside the sign-in goes with it.
    const removal =
      present === null
        ? fs.remove(folder, { recursive: true })
        : Effect.flatMap(fs.readDirectory(folder), (names) =>
            Effect.forEach(names.filter(isOurs), (name) => fs.remove(path.join(folder, name), { force: true }))
          )
    yield* Effect.acquireRelease(
      Effect.zipRight(fs.makeDirectory(folder, { recursive: true, mode: 0o700 }), writeHome(folder, backend)),
      () => Effect.ignore(removal)
    ).pipe(Effect.catchAll(() => Effect.fail(badUsage(`No home can be written at ${folder}.`))))
    return folder
  })

const isOurs = (name: string): boolean => name === "auth.json" || name === "config.toml" || name.startsWith(journalFile)

interface Flags {
  readonly "--port": number | undefined
  readonly "--accounts": string | undefined
  readonly "--plan": string | undefined
  readonly "--home": string | undefined
}

/** Serves until the scope closes. Without accounts of its own it has that of the demo. */
const serve = ({ "--accounts": data, "--home": wanted, "--plan": file, "--port": port = 0 }: Flags) =>
  Effect.gen(function* () {
    const plan = file === undefined ? [] : yield* readData("--plan", file, FaultPlanText, planExample)
    const accounts =
      data === undefined
        ? (now: number) => [demoAccount(now)]
        : accountsAt(yield* readData("--accounts", data, FakeAccountsText, accountsExample))
    const layer = layerServer({ accounts, plan, port })
    const backend = yield* Layer.build(layer).pipe(
      Effect.map((context) => Context.get(context, FakeBackend)),
      Effect.mapError(() => badUsage(`The port ${port} can't be used.`, "Choose another, or leave out --port."))
    )
    if (new Set(backend.accountKeys).size < backend.accountKeys.length) {
      return yield* badUsage("--accounts: two accounts have the same accountId and userId.")
    }
    const home = wanted === undefined ? null : yield* makeHome(wanted, backend)
    const { chatgpt, origin, refresh, revoke } = backend.urls
    return {
      origin,
      baseUrl: chatgpt,
      home,
      environment: {
        ...(home === null ? {} : { CODEX_HOME: home }),
        CODEX_REFRESH_TOKEN_URL_OVERRIDE: refresh,
        CODEX_REVOKE_TOKEN_URL_OVERRIDE: revoke
      }
    }
  })

type Served = Schema.Struct.Type<typeof backendFields>

const lines = ({ baseUrl, environment, home, origin }: Served): ReadonlyArray<string> => [
  `The fake backend listens on ${origin}, until Ctrl-C.`,
  "",
  ...(home === null
    ? [`Its base URL is ${baseUrl}. With --home DIR it also writes a sign-in for a client.`]
    : [
        "To use it from another terminal:",
        ...Object.entries(environment).map(([name, value]) => `  export ${name}=${value}`),
        "  codex-account usage"
      ])
]

export const backend = (flags: Flags) =>
  Effect.gen(function* () {
    yield* serve(flags).pipe(present({ fields: backendFields, value: identity<Served>, lines }))
    return yield* Effect.never
  }).pipe(Effect.scoped)

/**
 * `npm run tui -- --peer PATH/TO/codex`: the released TUI in a terminal, remote to our app-server, against
 * `codex-account backend`. Prints what it shows, and fails where that is not what is true.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { strictEqual } from "node:assert/strict"
import { spawn } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bareEnvironment, bundle, spawned, temporaryFolder, until } from "../e2e/cli/harness.js"
import { peerOf } from "./peer.js"
import { hasTmux, type Pane, terminal } from "./tmux.js"

const accounts = [
  {
    email: "ada@example.test",
    planType: "business",
    workspaceName: "Engines",
    primary: { lengthSeconds: 18_000, usedPercent: 92, percentPerHour: 0 },
    secondary: { lengthSeconds: 604_800, usedPercent: 61, percentPerHour: 0 },
    resetCredits: [
      { id: "rc_first", expiresInSeconds: 864_000 },
      { id: "rc_second", expiresInSeconds: 8_640_000 }
    ]
  }
]

/** Our command in the background: the first match of what it prints. */
const started = (
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
  folder: string,
  pattern: RegExp
): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function* () {
    let printed = ""
    const child = yield* spawned(() =>
      spawn(process.execPath, [bundle(), ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] })
    )
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (printed += text))
    }
    const [found] = yield* until(() => pattern.exec(printed))
    return found
  })

const print = (title: string, text: string): void => {
  console.log(`\n## ${title}\n\n${text}`)
}

const includes = (text: string, words: ReadonlyArray<string>): void => {
  for (const one of words) {
    if (!text.includes(one)) throw new Error(`no "${one}" in:\n${text}`)
  }
}

/** What /status tells of the account and its limits. */
const readsStatus = (pane: Pane, title: string, left: readonly [primary: string, secondary: string]) =>
  Effect.gen(function* () {
    yield* pane.type("/status")
    yield* pane.press("Enter")
    const status = yield* pane.until(`${left[1]} left`)
    print(title, status)
    includes(status, [
      "ChatGPT workspace:   Engines",
      "Account:             ada@example.test (Enterprise)",
      "5h limit:",
      "Weekly limit:",
      `${left[0]} left`
    ])
  })

/** Opens the resets under /usage. */
const opensResets = (pane: Pane, title: string, offered: string) =>
  Effect.gen(function* () {
    yield* pane.type("/usage")
    yield* pane.press("Enter")
    yield* pane.until("Redeem reset")
    yield* pane.press("Down", "Enter")
    print(title, yield* pane.until(offered))
  })

const program = (codex: string) =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder
    const home = join(folder, "home")
    const work = join(folder, "work")
    const file = join(folder, "accounts.json")
    mkdirSync(work)
    writeFileSync(file, JSON.stringify(accounts))
    const bare = { ...bareEnvironment(folder), NO_PROXY: "*", TERM: "xterm-256color" }
    const answer = yield* started(["--json", "backend", "--accounts", file, "--home", home], bare, folder, /\{.*\}\n/)
    const { baseUrl, environment } = JSON.parse(answer)
    const env = { ...bare, ...environment, CODEX_HOME: home }
    const serve = (...more: ReadonlyArray<string>) =>
      started(["app-server", "--listen", "ws://127.0.0.1:0", ...more], env, work, /ws:\/\/127\.0\.0\.1:\d+/)
    const open = (...flags: ReadonlyArray<string>) => terminal([codex, ...flags], env, work)
    const credits = Effect.promise(async () => {
      const { tokens } = JSON.parse(readFileSync(join(home, "auth.json"), "utf8"))
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const listed = await fetch(`${baseUrl}/wham/rate-limit-reset-credits`, { headers })
      const read: { readonly credits: ReadonlyArray<{ readonly id: string; readonly status: string }> } = JSON.parse(
        await listed.text()
      )
      return read.credits.map(({ id, status }) => `${id} ${status}`).join(", ")
    })

    yield* Effect.scoped(
      Effect.gen(function* () {
        const pane = yield* open("--remote", yield* serve("--delegate", `${codex} app-server`))
        yield* pane.until("Ask Codex to do anything")
        yield* readsStatus(pane, "With a delegate: /status", ["8%", "39%"])
        yield* opensResets(pane, "/usage, Redeem reset", "2 usage limit resets available.")
        yield* pane.press("Enter")
        print("The first reset", yield* pane.until("Use this reset?"))
        strictEqual(yield* credits, "rc_first available, rc_second available")
        yield* pane.press("Up", "Enter")
        print("Yes, use reset", yield* pane.until("Usage reset. You have 1 usage limit reset left."))
        strictEqual(yield* credits, "rc_first redeemed, rc_second available")
        yield* pane.press("Enter")
        yield* pane.until("Ask Codex to do anything")
        yield* readsStatus(pane, "/status again", ["100%", "100%"])
      })
    )
    yield* Effect.scoped(
      Effect.gen(function* () {
        const url = yield* serve()
        const without = yield* open("--remote", url)
        print("Without a delegate, and without a model", yield* without.until("No models are available."))
        const pane = yield* open("--remote", url, "--model", "any")
        yield* pane.until("Ask Codex to do anything")
        yield* readsStatus(pane, "Without a delegate, --model any: /status", ["100%", "100%"])
        yield* opensResets(pane, "/usage, Redeem reset", "1 usage limit reset available.")
        yield* pane.press("Escape", "Escape")
        yield* pane.until("Ask Codex to do anything")
        yield* pane.type("Hello")
        yield* pane.press("Enter")
        print("A turn", yield* pane.until("turn/start is not supported"))
      })
    )
    yield* Effect.scoped(
      Effect.gen(function* () {
        const pane = yield* open("--no-daemon")
        yield* pane.until("Ask Codex to do anything")
        yield* readsStatus(pane, "Codex alone, with the cloud configuration of a managed plan: /status", [
          "100%",
          "100%"
        ])
      })
    )
    strictEqual(yield* credits, "rc_first redeemed, rc_second available")
    console.log("\nThe TUI showed the account and both limits, and spent one credit.")
  }).pipe(Effect.scoped)

const codex = peerOf("the TUI of a released codex")
if (codex !== null && !hasTmux()) console.log("Skipped: the TUI is played in tmux, which is not installed.")
else if (codex !== null) {
  await Effect.runPromise(
    Effect.catchAllCause(program(codex), (cause) =>
      Effect.sync(() => {
        console.error(Cause.pretty(cause))
        process.exitCode = 1
      })
    )
  )
}

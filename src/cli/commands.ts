/** The command line: every command with its flags, its help and what carries it out. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as LogLevel from "effect/LogLevel"
import { ActivityView, activityViewOf } from "../domain/ActivityCalendar.js"
import { sessionSourceNamed } from "../domain/Thread.js"
import { defaultWatchPolicy } from "../domain/WatchPolicy.js"
import {
  type Argument,
  choice,
  command,
  commandWith,
  duration,
  flag,
  integer,
  program,
  settings,
  some,
  text,
  unused,
  valueFlag,
  word
} from "./Command.js"
import { tellingUnsaved } from "./Report.js"

/** A module that is loaded when its command runs. */
const load = <M, A, E, R>(module: () => Promise<M>, run: (module: M) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.promise(module), run)

const account = () => import("./commands/account.js")
const appServer = () => import("./commands/appServer.js")
const backend = () => import("./commands/backend.js")
const doctor = () => import("./commands/doctor.js")
const journal = () => import("./commands/journal.js")
const operations = () => import("./commands/operations.js")
const policies = () => import("./commands/policies.js")
const signIn = () => import("./commands/signIn.js")
const usage = () => import("./commands/usage.js")
const workspaces = () => import("./commands/workspaces.js")

/** A layer of a module that is loaded with the first command that needs it. */
const loaded = <M, A, E, R>(module: () => Promise<M>, layer: (module: M) => Layer.Layer<A, E, R>) =>
  Layer.unwrapEffect(Effect.map(Effect.promise(module), layer))

const compose = () => import("./compose.js")
const terminal = () => import("./terminal/TerminalDialog.js")

const dialog = loaded(terminal, (module) => module.layer)
const layerAccount = loaded(compose, (module) => module.layerAccount)
const layerPolicies = loaded(compose, (module) => module.layerPolicies)
const layerSignIn = loaded(compose, (module) => module.layerSignIn)

/** Runs a command over the account, with a person or flags to answer its questions. */
const withAccount = <M, A, E, R>(module: () => Promise<M>, run: (module: M) => Effect.Effect<A, E, R>) =>
  load(module, run).pipe(tellingUnsaved, Effect.provide(layerAccount), Effect.provide(dialog))

const logLevels = LogLevel.allLevels.map((level) => level._tag.toLowerCase())

export const globalFlags = {
  "--json": flag("Print one JSON object on stdout."),
  "--demo": flag("Use a built-in backend and a temporary home: nothing leaves this machine."),
  "--yes": flag("Confirm every question, and take the first of several choices. Short: -y."),
  "--codex-home": some(
    "DIR",
    "The folder with auth.json and config.toml, instead of CODEX_HOME.",
    "a folder",
    "folder"
  ),
  "--base-url": some("URL", "The backend's URL, instead of chatgpt_base_url in config.toml.", "a URL"),
  "--timeout": duration("TIME", "The longest that any call may take: 10s, 500ms, 2m."),
  "--no-color": flag("Print no colors. NO_COLOR in the environment does the same."),
  "--log-level": choice("LEVEL", "What to log on stderr: debug, info, warning (the default), error, none.", logLevels),
  "--completions": choice("SHELL", "Print a completion script for bash, zsh, fish or sh.", [
    "bash",
    "zsh",
    "fish",
    "sh"
  ]),
  "--help": flag("Print this help, or that of a command. Short: -h."),
  "--version": flag("Print the version.")
}

export const aliases: Readonly<Record<string, string>> = {
  "-y": "--yes",
  "-h": "--help",
  "-c": "--config",
  "-s": "--sandbox",
  "-a": "--ask-for-approval"
}

const hookFlags = {
  "--on-blocked": program("CMD", "Run a command, without a shell, when usage becomes blocked."),
  "--on-reset": program("CMD", "Run a command when a window starts over or usage is possible again.")
}

const hookNote =
  "A hook is split into words at white space; quotes group words, a backslash escapes, and nothing is expanded. Its environment has CODEX_ACCOUNT_EVENT (blocked or reset), CODEX_ACCOUNT_WINDOW, CODEX_ACCOUNT_UNTIL and CODEX_ACCOUNT_REMAINING_PERCENT. It may run for 30 seconds."

const view: Argument<ActivityView | null> = {
  usage: "VIEW",
  complete: ActivityView.literals,
  read: ([first, second]) => {
    if (first === undefined) return Either.right(null)
    const view = second === undefined ? activityViewOf(first) : null
    return Either.fromNullable(view, () => "There is no such view. The views are daily, weekly and cumulative.")
  }
}

const journalAction: Argument<ReadonlyArray<string>> = {
  usage: "show|resolve KEY",
  complete: ["show", "resolve"],
  read: Either.right
}

export const commands = {
  usage: commandWith(view, {
    summary: "Show how much of every limit is left, until when, and what you can do.",
    notes: [
      "With daily, weekly or cumulative it shows the tokens used in the last 52 weeks.",
      "--watch reads every minute, more often near a limit and less often far from one, until Ctrl-C (exit 130) or q. Without a terminal it prints what changes; with --json it prints one object for each reading.",
      hookNote
    ],
    examples: [
      "codex-account usage",
      "codex-account usage --json | jq .verdict.state",
      "codex-account usage weekly",
      "codex-account usage --watch --on-reset 'notify-send \"Codex is back\"'"
    ],
    flags: {
      "--watch": flag("Keep reading and show what changes, until Ctrl-C."),
      "--interval": duration(
        "TIME",
        "With --watch: the longest time between two readings, 10s or more.",
        Duration.decode(defaultWatchPolicy.minInterval)
      ),
      ...hookFlags
    },
    dependent: { on: "--watch", flags: ["--interval", "--on-blocked", "--on-reset"] },
    run: (flags, view) => withAccount(usage, (module) => module.usage(flags, view))
  }),
  status: command({
    summary: "Show the account: role, usage, tokens, messages, and operations with an unknown outcome.",
    examples: ["codex-account status", "codex-account --demo"],
    flags: {},
    run: () => withAccount(account, (module) => module.status)
  }),
  redeem: command({
    summary: "Use a reset credit, after asking you.",
    notes: [
      "Exit 0: reset, now or earlier with the same key. 7: no reset was needed, or there is no credit. 5: sent, but the outcome is unknown; run it again with the same --key to find out."
    ],
    examples: ["codex-account redeem", "codex-account redeem --yes --credit rc_1 --json"],
    flags: {
      "--key": text("KEY", "The name of this redemption: one key never uses a second credit."),
      "--credit": text("ID", "The credit to use; without it you choose."),
      "--again": flag("Use another credit even though a reset was made within the last 20 minutes.")
    },
    run: (flags) => withAccount(operations, (module) => module.redeem(flags))
  }),
  invite: commandWith(word("EMAIL"), {
    summary: "Send one referral invite under the offer shown, after asking you.",
    notes: ["Sent in a single request, never repeated. Exit 4: refused. 5: the outcome is unknown. 7: no offer."],
    examples: ["codex-account invite ada@example.com", "codex-account invite ada@example.com --yes --json"],
    flags: { "--again": flag("Send even though the outcome of an earlier invite to this address is unknown.") },
    run: (flags, email) => withAccount(operations, (module) => module.invite(flags, email))
  }),
  "notify-owner": command({
    summary: "Ask the workspace owner for credits or a higher limit, after asking you.",
    examples: ["codex-account notify-owner", "codex-account notify-owner --type credits --yes"],
    flags: {
      "--type": choice(
        "TYPE",
        "What to ask for, credits or usage_limit; by default what the reached limit calls for.",
        ["credits", "usage_limit"]
      ),
      "--again": flag("Ask even though the outcome of an earlier message is unknown.")
    },
    run: (flags) => withAccount(operations, (module) => module.notifyOwner(flags))
  }),
  role: command({
    summary: "Show your role in the workspace.",
    examples: ["codex-account role --json"],
    flags: {},
    run: () => withAccount(account, (module) => module.role)
  }),
  workspaces: command({
    summary: "List the workspaces that your sign-in can use, with a star at the one you are in.",
    examples: ["codex-account workspaces", "codex-account workspaces --json | jq -r '.workspaces[].name'"],
    flags: {},
    run: () => withAccount(workspaces, (module) => module.workspaces)
  }),
  workspace: commandWith(word("NAME"), {
    summary: "Change to another workspace of the same sign-in, by its name or id.",
    notes: [
      "It changes auth.json, so that codex is in that workspace too when it starts next; one that is running stays where it is. Without NAME you choose. To be there already is no error. Exit 2: no workspace, or more than one, has that name. 4: refused."
    ],
    examples: ["codex-account workspace 'Analytical Engines'", "codex-account workspace personal && codex"],
    flags: {},
    run: (_, name) => withAccount(workspaces, (module) => module.workspace(name))
  }),
  guard: command({
    summary: "Tell a script whether work can go on: exit 0 usable, 8 blocked.",
    notes: [
      "--wait ends with 0 as soon as work can go on, or with 8 when the time of --for is over. It runs --on-blocked once if it has to wait.",
      hookNote
    ],
    examples: [
      "codex-account guard && codex exec 'fix the tests'",
      "codex-account guard --json --timeout 5s",
      "codex-account guard --wait --for 5h && codex exec 'go on'"
    ],
    flags: {
      "--wait": flag("Wait until work can go on."),
      "--for": duration("TIME", "With --wait: the longest time to wait, such as 5h; then exit 8.", Duration.seconds(1)),
      ...hookFlags
    },
    dependent: { on: "--wait", flags: ["--for", "--on-blocked", "--on-reset"] },
    run: (flags) => withAccount(usage, (module) => module.guard(flags))
  }),
  session: command({
    summary: "Show who is signed in, how, and until when. No secrets.",
    notes: ["It makes no request, except to find out who owns a personal access token."],
    examples: ["codex-account session", "codex-account session --codex-home ~/other"],
    flags: {},
    run: () => withAccount(account, (module) => module.session)
  }),
  logout: command({
    summary: "Sign out, everywhere or only here.",
    notes: [
      "The session is revoked at the server, which also ends it on other machines and in the browser that share it. With --local only the stored sign-in is removed, and nothing is sent. Exit 7: you were not signed in."
    ],
    examples: ["codex-account logout", "codex-account logout --local"],
    flags: { "--local": flag("Only remove the stored sign-in; send nothing.") },
    run: (flags) => withAccount(signIn, (module) => module.logout(flags))
  }),
  login: command({
    summary: "Sign in: with the browser, a code on another device, a token or a key.",
    notes: [
      "The previous sign-in stays until the new one is complete, and is not ended at the server. Exit 4: refused. 6: no answer, or not finished in time."
    ],
    examples: ["codex-account login", "codex-account login --device", "codex-account login --with-api-key < key.txt"],
    flags: {
      "--device": flag("Sign in with a code on another device."),
      "--no-browser": flag("Only print the address of the sign-in page."),
      "--with-access-token": flag("Read a personal access token from standard input."),
      "--with-api-key": flag("Read an API key from standard input.")
    },
    run: (flags) => withAccount(signIn, (module) => Effect.provide(module.login(flags), layerSignIn))
  }),
  journal: commandWith(journalAction, {
    summary: "List the operations that can't be undone, and settle one whose outcome is unknown.",
    notes: [
      "A redemption is sent again with its own key. An invite or a message is not sent again: you say what you found out."
    ],
    examples: [
      "codex-account journal",
      "codex-account journal show KEY",
      "codex-account journal resolve KEY --found arrived"
    ],
    flags: {
      "--found": choice("WHAT", "With resolve: whether you found that it arrived or is missing.", [
        "arrived",
        "missing"
      ])
    },
    run: (flags, words) => withAccount(journal, (module) => module.journal(flags, words))
  }),
  policies: command({
    summary: "Print the timeouts and attempts of every call, and whether it may be repeated.",
    examples: ["codex-account policies --timeout 5s"],
    flags: {},
    run: () => load(policies, (module) => module.policies).pipe(Effect.provide(layerPolicies))
  }),
  backend: command({
    summary: "Serve a fake backend for tests, until Ctrl-C.",
    examples: [
      "codex-account backend --port 8080",
      "codex-account backend --accounts accounts.json --plan plan.json --home /tmp/codex"
    ],
    flags: {
      "--accounts": text("FILE", "Whom it knows: accounts as JSON. The first one signs in at --home.", "file"),
      "--port": integer("N", "The port; by default any free one.", 65_535),
      "--plan": text("FILE", "What goes wrong: a fault plan as JSON.", "file"),
      "--home": text("DIR", "Write a home for a client into this new or empty folder.", "folder")
    },
    run: (flags) => load(backend, (module) => module.backend(flags))
  }),
  doctor: command({
    summary: "Check everything that has to be right: home, sign-in, configuration, clock, network.",
    notes: ["Exit 0 if no check fails; else the exit code of the first that does."],
    examples: ["codex-account doctor", "codex-account doctor --json"],
    flags: {},
    run: () => load(doctor, (module) => module.doctor(layerAccount)).pipe(Effect.provide(dialog))
  }),
  "app-server": command({
    summary: "Serve the account to other programs, in the protocol of the Codex app-server.",
    notes: [
      "On stdin and stdout it speaks one JSON object a line; on a unix socket and on a port, websockets with one message a frame. It ends with its standard input, or after SIGTERM when it has answered what it accepted (up to 10s); Ctrl-C cancels what it accepted."
    ],
    examples: [
      "codex-account app-server",
      "codex-account app-server --listen unix://",
      "codex-account app-server --listen ws://127.0.0.1:4500 --ws-auth capability-token --ws-token-file /run/token"
    ],
    flags: {
      "--listen": text("URL", "Where to listen: stdio:// (the default), unix://[PATH], ws://IP:PORT or off.", [
        "stdio://",
        "unix://",
        "ws://127.0.0.1:0",
        "off"
      ]),
      "--stdio": flag("The same as --listen stdio://."),
      "--delegate": program(
        "CMD",
        "Another app-server, such as 'codex app-server', for requests not about the account."
      ),
      "--session-source": valueFlag(
        "SOURCE",
        "What this is part of, for its new threads: cli, vscode, exec, appServer or a name.",
        (name) => (name.trim() === "" ? Either.left("needs a name.") : Either.right(sessionSourceNamed(name))),
        ["cli", "vscode", "exec", "appServer"]
      ),
      "--ws-auth": text("MODE", "How websocket clients sign in: capability-token or signed-bearer-token.", [
        "capability-token",
        "signed-bearer-token"
      ]),
      "--ws-token-file": text("FILE", "The file with the capability token; an absolute path.", "file"),
      "--ws-token-sha256": text("HEX", "The SHA-256 digest of the capability token, instead of the file."),
      "--ws-shared-secret-file": text(
        "FILE",
        "The file with the key of the bearer tokens (HS256), 32 bytes or more.",
        "file"
      ),
      "--ws-issuer": text("NAME", "The issuer that a bearer token must have."),
      "--ws-audience": text("NAME", "The audience that a bearer token must have."),
      "--ws-max-clock-skew-seconds": text(
        "N",
        "How far clocks may differ when a bearer token is checked; 30 by default."
      ),
      "--config": settings("KEY=VALUE", "A key of config.toml, as `codex` takes it. Short: -c."),
      "--enable": unused("FEATURE"),
      "--disable": unused("FEATURE"),
      "--sandbox": unused("MODE"),
      "--ask-for-approval": unused("POLICY"),
      "--analytics-default-enabled": unused(null),
      "--strict-config": unused(null)
    },
    run: (flags) => load(appServer, (module) => module.appServer(flags))
  })
}

export type CommandName = keyof typeof commands

export const isCommandName = (word: string): word is CommandName => Object.hasOwn(commands, word)

/** `codex-account` alone: the usage menu for a person at a terminal, else the status. */
export const withoutCommand = withAccount(account, (module) => module.menuOrStatus)

/** A keyring in memory that a test can break, a temporary home, and what is logged. */
import * as FileSystem from "@effect/platform/FileSystem"
import { it } from "@effect/vitest"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { AuthJson } from "../../../src/contracts/AuthJson.js"
import * as AccountConfigEnv from "../../../src/layers/AccountConfigEnv.js"
import * as CredentialStoreFile from "../../../src/layers/CredentialStoreFile.js"
import * as CredentialStoreKeyring from "../../../src/layers/CredentialStoreKeyring.js"
import { accountOf, type Keyring, type KeyringEntry, KeyringError } from "../../../src/layers/CredentialStoreKeyring.js"
import { cases } from "../../cases.js"
import { CredentialStore } from "../../../src/services/CredentialStore.js"

type Call = "get" | "set" | "remove"

export class FakeKeyring {
  readonly entries = new Map<string, string>()
  readonly calls: Array<Call> = []
  readonly failing = new Set<Call>()

  readonly keyring: Keyring = {
    get: (entry) => this.call("get", () => Option.fromNullable(this.entries.get(nameOf(entry)))),
    set: (entry, text) => this.call("set", () => void this.entries.set(nameOf(entry), text)),
    remove: (entry) => this.call("remove", () => this.entries.delete(nameOf(entry)))
  }

  breakDown(...calls: ReadonlyArray<Call>): void {
    for (const call of calls.length === 0 ? (["get", "set", "remove"] as const) : calls) this.failing.add(call)
  }

  private call<A>(call: Call, answer: () => A): Effect.Effect<A, KeyringError> {
    return Effect.suspend(() => {
      this.calls.push(call)
      return this.failing.has(call)
        ? Effect.fail(new KeyringError({ reason: "Unavailable", detail: "it is broken" }))
        : Effect.sync(answer)
    })
  }
}

export const nameOf = ({ account, service }: KeyringEntry): string => `${service}/${account}`

export interface Home {
  readonly codexHome: string
  readonly authJson: string
  /** The name of the entry of this home. */
  readonly entry: KeyringEntry
}

export const makeHome = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const codexHome = yield* Effect.flatMap(fs.makeTempDirectoryScoped(), fs.realPath)
  const entry = { service: "Codex Auth", account: accountOf(codexHome) }
  return { codexHome, authJson: `${codexHome}/auth.json`, entry } satisfies Home
})

export const settings = ({ codexHome }: Home) => Layer.merge(AccountConfigEnv.layer({ codexHome }), NodeContext.layer)
export const fileStore = (home: Home) =>
  Effect.map(Layer.build(Layer.provide(CredentialStoreFile.layer, settings(home))), Context.get(CredentialStore))

export const record = (access: string): AuthJson => ({
  auth_mode: "chatgpt",
  OPENAI_API_KEY: null,
  tokens: {
    id_token: Redacted.make("i"),
    access_token: Redacted.make(access),
    refresh_token: Redacted.make("r"),
    account_id: "acct"
  },
  future: { kept: true }
})

export const accessOf = (stored: Option.Option<{ readonly record: AuthJson }>): string | null =>
  Option.match(stored, {
    onNone: () => null,
    onSome: ({ record }) => (record.tokens ? Redacted.value(record.tokens.access_token) : "")
  })

/** Runs the effect and gives, beside its answer, the warnings in order. */
export const withWarnings = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const warnings: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      if (logLevel._tag === "Warning") warnings.push(String(message))
    })
    return Effect.map(Effect.provide(effect, Logger.add(logger)), (answer) => ({ answer, warnings }))
  })

/** Tests with a keyring in memory, a home, the store over the keyring, and what is made of them. */
export const inKeyring = <Given>(
  make: (
    made: Effect.Effect.Success<typeof setUp>
  ) => Effect.Effect<Given, never, NodeContext.NodeContext | Scope.Scope>
) =>
  cases<[Given], NodeContext.NodeContext>(it.scoped, (use) =>
    Effect.provide(Effect.flatMap(Effect.flatMap(setUp, make), use), NodeContext.layer)
  )

const setUp = Effect.gen(function* () {
  const home = yield* makeHome
  const fake = new FakeKeyring()
  const store = yield* Effect.provide(CredentialStoreKeyring.make(fake.keyring), settings(home))
  const file = yield* fileStore(home)
  return { fs: yield* FileSystem.FileSystem, home, fake, file, store, name: nameOf(home.entry) }
})

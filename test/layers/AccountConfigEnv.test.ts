import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as AccountConfigEnv from "../../src/layers/AccountConfigEnv.js"
import * as Live from "../../src/layers/Live.js"
import { AccountConfig, type AccountSettings } from "../../src/services/AccountConfig.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { temporaryHome } from "./support/home.js"
import { inHome } from "./support/inHome.js"
import { virtual } from "../cases.js"

type Environment = Readonly<Record<string, string>>

const provider = (environment: Environment) => ConfigProvider.fromMap(new Map(Object.entries(environment)))
const settings = (environment: Environment, overrides?: AccountConfigEnv.Overrides) =>
  AccountConfigEnv.make(overrides).pipe(
    Effect.withConfigProvider(provider(environment)),
    Effect.provide(NodeContext.layer)
  )

/** What goes wrong, in all the words there are about it. */
const trouble = (environment: Environment, overrides?: AccountConfigEnv.Overrides) =>
  Effect.map(Effect.flip(settings(environment, overrides)), (error) => ({
    reason: error._tag === "ConfigurationError" ? error.reason : error._tag,
    shown: `${String(error)} ${JSON.stringify(error)} ${"stack" in error ? String(error.stack) : ""}`,
    detail: error._tag === "ConfigurationError" ? error.detail : ""
  }))

/** A home with this `config.toml`. */
const configured = (toml: string) =>
  Effect.tap(temporaryHome(), (home) => Effect.sync(() => Fs.writeFileSync(Path.join(home, "config.toml"), toml)))

describe("keys that are given one by one", () => {
  const given = (...config: ReadonlyArray<string>) =>
    Effect.flatMap(configured('chatgpt_base_url = "https://file.test"\nforced_login_method = "api"\n'), (home) =>
      settings({ CODEX_HOME: home }, { config })
    )

  virtual("go before the file, as TOML or as text, the last one first", function* () {
    const found = yield* given(
      "chatgpt_base_url=https://first.test",
      " chatgpt_base_url = 'https://last.test/a=b' ",
      'forced_chatgpt_workspace_id=["w1", "w2"]',
      "cli_auth_credentials_store=keyring",
      "model=o9",
      "model_providers.x.name=1"
    )
    assert.strictEqual(found.backend.url, "https://last.test/a=b")
    assert.deepStrictEqual(found.forcedWorkspaces, ["w1", "w2"])
    assert.strictEqual(found.credentialStore, "keyring")
    assert.deepStrictEqual(found.forcedLoginMethod, Option.some("api"))
  })

  virtual("that can't be used are named, but for the base URL, which only its calls need", function* () {
    const error = yield* Effect.flip(given("forced_login_method=sesame"))
    assert.include(String(error), "forced_login_method has an unusable value")
    assert.notInclude(String(error), "sesame")
    assert.include((yield* given("chatgpt_base_url=7")).backendFault?.message, "chatgpt_base_url")
  })
})

describe("`.env` in the home", () => {
  const withFile = (text: string) =>
    Effect.tap(temporaryHome(), (home) => Effect.sync(() => Fs.writeFileSync(Path.join(home, ".env"), text)))

  virtual("names a CA bundle and proxies, before the environment", function* () {
    const home = yield* withFile(
      '# of the company\nexport SSL_CERT_FILE="/theirs.pem"\nhttps_proxy=http://proxy.test:3128 # inside\nOPENAI_API_KEY=sk\n'
    )
    const found = yield* settings({ CODEX_HOME: home, SSL_CERT_FILE: "/other.pem", HTTP_PROXY: "http://other.test" })
    assert.deepStrictEqual(found.caCertificate, Option.some({ path: "/theirs.pem", variable: "SSL_CERT_FILE" }))
    assert.deepStrictEqual(
      [...found.dotenv],
      [
        ["https_proxy", "http://proxy.test:3128"],
        ["SSL_CERT_FILE", "/theirs.pem"]
      ]
    )
  })

  virtual("sets none of Codex's own variables, whatever their case, nor ours", function* () {
    const names = ["CODEX_HOME", "CODEX_CA_CERTIFICATE", "codex_ca_certificate", "CODEX_ACCESS_TOKEN"]
    const all = [...names, "CODEX_REFRESH_TOKEN_URL_OVERRIDE", "CODEX_ACCOUNT_ALLOW_HTTP", "HOME"]
    const home = yield* withFile(all.map((name) => `${name}=https://true.test`).join("\n"))
    const found = yield* settings({ CODEX_HOME: home })
    assert.deepStrictEqual(found, { ...AccountConfigEnv.defaults, codexHome: home })
  })

  virtual.each(["", "\u0000\u0001", '=\n==\nno sense\n"', "\ufeffSSL_CERT_FILE=/a.pem"])(
    "may hold anything: %j",
    function* (text) {
      const home = yield* withFile(text)
      const found = yield* settings({ CODEX_HOME: home })
      assert.strictEqual(Option.isSome(found.caCertificate), text.includes("SSL"))
    }
  )

  virtual("that is a folder is none", function* () {
    const home = yield* temporaryHome()
    Fs.mkdirSync(Path.join(home, ".env"))
    assert.strictEqual((yield* settings({ CODEX_HOME: home })).dotenv.size, 0)
  })
})

describe("without any configuration", () => {
  inHome("the defaults hold, in the person's own home", function* (home) {
    const found = yield* settings({ HOME: home })
    assert.deepStrictEqual(found, { ...AccountConfigEnv.defaults, codexHome: Path.join(home, ".codex") })
    assert.deepInclude(found, {
      backend: { url: "https://chatgpt.com/backend-api", style: "chatgpt" },
      refreshUrl: "https://auth.openai.com/oauth/token",
      revokeUrl: "https://auth.openai.com/oauth/revoke",
      clientId: "app_EMoamEEZ73f0CkXaXp7hrann",
      issuer: "https://auth.openai.com",
      authApi: "https://auth.openai.com/api/accounts",
      originator: "effect-codex-account",
      credentialStore: "file",
      maxResponseBytes: 1_048_576
    })
    assert.strictEqual(Duration.toMillis(found.renewal.before), 600_000)
    assert.match(found.userAgent, /^effect-codex-account\/\d+\.\d+\.\d+ [\u0020-\u007e]+$/)
  })

  inHome("a variable that is empty counts as absent", function* (home) {
    const names =
      "CODEX_HOME CODEX_REFRESH_TOKEN_URL_OVERRIDE CODEX_REVOKE_TOKEN_URL_OVERRIDE " +
      "CODEX_APP_SERVER_LOGIN_CLIENT_ID CODEX_CA_CERTIFICATE SSL_CERT_FILE"
    const empty = Object.fromEntries(names.split(" ").map((name) => [name, ""]))
    assert.deepStrictEqual(yield* settings({ ...empty, HOME: home }), yield* settings({ HOME: home }))
  })
})

const url = "https://auth.example.test"
const variables: ReadonlyArray<readonly [label: string, environment: Environment, found: Partial<AccountSettings>]> = [
  [
    "CODEX_REFRESH_TOKEN_URL_OVERRIDE, taken as it is, and the revocation beside it",
    { CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${url}/other/path?a=1` },
    { refreshUrl: `${url}/other/path?a=1`, revokeUrl: `${url}/oauth/revoke` }
  ],
  [
    "CODEX_REVOKE_TOKEN_URL_OVERRIDE alone",
    { CODEX_REVOKE_TOKEN_URL_OVERRIDE: `${url}/revoke?b=2` },
    { refreshUrl: "https://auth.openai.com/oauth/token", revokeUrl: `${url}/revoke?b=2` }
  ],
  [
    "CODEX_REVOKE_TOKEN_URL_OVERRIDE before what follows from the other",
    { CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${url}/a`, CODEX_REVOKE_TOKEN_URL_OVERRIDE: `${url}/b` },
    { refreshUrl: `${url}/a`, revokeUrl: `${url}/b` }
  ],
  ["CODEX_APP_SERVER_LOGIN_CLIENT_ID", { CODEX_APP_SERVER_LOGIN_CLIENT_ID: "app_other" }, { clientId: "app_other" }],
  ["CODEX_APP_SERVER_LOGIN_ISSUER", { CODEX_APP_SERVER_LOGIN_ISSUER: ` ${url}/ ` }, { issuer: url }],
  ["CODEX_AUTHAPI_BASE_URL", { CODEX_AUTHAPI_BASE_URL: `${url}/api//` }, { authApi: `${url}/api` }],
  [
    "CODEX_INTERNAL_ORIGINATOR_OVERRIDE",
    { CODEX_INTERNAL_ORIGINATOR_OVERRIDE: "mein Wörk" },
    { originator: "mein W_rk" }
  ],
  [
    "CODEX_CA_CERTIFICATE before SSL_CERT_FILE",
    { CODEX_CA_CERTIFICATE: "/a.pem", SSL_CERT_FILE: "/b.pem" },
    { caCertificate: Option.some({ path: "/a.pem", variable: "CODEX_CA_CERTIFICATE" }) }
  ],
  [
    "SSL_CERT_FILE",
    { SSL_CERT_FILE: "/b.pem" },
    { caCertificate: Option.some({ path: "/b.pem", variable: "SSL_CERT_FILE" }) }
  ],
  [
    "CODEX_ACCOUNT_USAGE_INTERVAL",
    { CODEX_ACCOUNT_USAGE_INTERVAL: "90 seconds" },
    { usageInterval: Duration.seconds(90) }
  ],
  ["CODEX_ACCOUNT_ALLOW_HTTP", { CODEX_ACCOUNT_ALLOW_HTTP: "true" }, { allowHttp: true }],
  ["CODEX_ACCOUNT_ROLE_TTL", { CODEX_ACCOUNT_ROLE_TTL: "1 hour" }, { roleTimeToLive: Duration.hours(1) }],
  ["CODEX_ACCOUNT_ROLE_COOL_DOWN", { CODEX_ACCOUNT_ROLE_COOL_DOWN: "2 minutes" }, { roleCoolDown: Duration.minutes(2) }]
]

describe("the environment", () => {
  inHome.each(variables)("sets %s", function* (home, [, environment, expected]) {
    const plain = yield* settings({ HOME: home })
    assert.deepStrictEqual(yield* settings({ HOME: home, ...environment }), { ...plain, ...expected })
  })

  inHome("has a word that is no duration refused", function* (home) {
    const found = yield* trouble({ HOME: home, CODEX_ACCOUNT_USAGE_INTERVAL: "soon" })
    assert.include(found.shown, "CODEX_ACCOUNT_USAGE_INTERVAL")
  })
})

describe("CODEX_HOME", () => {
  virtual("is a folder, with its links resolved", function* () {
    const home = yield* temporaryHome("a home with spaces, ü and 家")
    const link = Path.join(Path.dirname(home), "link")
    Fs.symlinkSync(home, link)
    assert.strictEqual((yield* settings({ CODEX_HOME: link })).codexHome, home)
  })

  inHome("gives way to what the caller says", function* (home) {
    assert.strictEqual((yield* settings({ CODEX_HOME: "/nowhere" }, { codexHome: home })).codexHome, home)
  })

  inHome("must exist, and be a folder", function* (home) {
    const file = Path.join(home, "file")
    const dangling = Path.join(home, "dangling")
    Fs.writeFileSync(file, "")
    Fs.symlinkSync("gone", dangling)
    for (const [value, reason] of [
      [Path.join(home, "missing"), "HomeMissing"],
      [dangling, "HomeMissing"],
      [Path.join(file, "below"), "HomeMissing"],
      [file, "HomeNotADirectory"]
    ] as const) {
      const found = yield* trouble({ CODEX_HOME: value })
      assert.strictEqual(found.reason, reason, value)
      assert.strictEqual(found.detail, value)
    }
    assert.strictEqual((yield* trouble({}, { codexHome: file })).reason, "HomeNotADirectory")
  })

  inHome("need not exist where it is the default", function* (home) {
    assert.strictEqual((yield* settings({ USERPROFILE: home })).codexHome, Path.join(home, ".codex"))
  })
})

const keys: ReadonlyArray<readonly [label: string, toml: string, found: Partial<AccountSettings>]> = [
  ["nothing", "", {}],
  ["comments and the keys of others", '# a\nmodel = "x"\n[mcp_servers.a]\ncommand = "b"\n', {}],
  [
    "chatgpt_base_url of another host",
    'chatgpt_base_url = "http://127.0.0.1:1//"',
    { backend: { url: "http://127.0.0.1:1", style: "codex" } }
  ],
  [
    "chatgpt_base_url of ChatGPT",
    'chatgpt_base_url = "https://chatgpt.com"',
    { backend: { url: "https://chatgpt.com/backend-api", style: "chatgpt" } }
  ],
  ...(["file", "keyring", "auto", "ephemeral"] as const).map(
    (name) => [`the store ${name}`, `cli_auth_credentials_store = "${name}"`, { credentialStore: name }] as const
  ),
  ["forced ChatGPT", 'forced_login_method = "chatgpt"', { forcedLoginMethod: Option.some("chatgpt") }],
  ["a model", 'model = "gpt-9"', { model: Option.some("gpt-9") }],
  ["a model that is none", "model = 9", { model: Option.none() }],
  ["a forced API key", 'forced_login_method = "api"', { forcedLoginMethod: Option.some("api") }],
  ["one workspace", 'forced_chatgpt_workspace_id = "w1"', { forcedWorkspaces: ["w1"] }],
  ["no workspace", "forced_chatgpt_workspace_id = []", { forcedWorkspaces: [] }],
  ["several workspaces", 'forced_chatgpt_workspace_id = ["w1", "w2"]', { forcedWorkspaces: ["w1", "w2"] }],
  ["a blank workspace, which is none", 'forced_chatgpt_workspace_id = " "', { forcedWorkspaces: [] }],
  ["blanks around workspaces", 'forced_chatgpt_workspace_id = [" w1\\t", ""]', { forcedWorkspaces: ["w1"] }],
  [
    "blanks around the base URL",
    'chatgpt_base_url = " http://127.0.0.1:1 "',
    { backend: { url: "http://127.0.0.1:1", style: "codex" } }
  ],
  [
    "every kind of value in the keys of others",
    [
      "a = [9223372036854775807, -9223372036854775808, 0xffffffff, 0o7, 0b1]",
      "b = [nan, +inf, -inf, 1e400]",
      "c = [1979-05-27T07:32:00Z, 1979-05-27 07:32:00.999999-07:00, 1979-05-27T07:32:00, 1979-05-27, 07:32:00.5]",
      "[d.'e f']",
      'g = """',
      '"""'
    ].join("\n"),
    {}
  ]
]

const malformed: ReadonlyArray<readonly [label: string, toml: string, place: string]> = [
  ["no TOML", 'ok = 1\nsecret = "sk-secret\n', "line 2"],
  ["a conflict marker", "<<<<<<< sk-secret\n", "line 1"],
  ["an unknown store", 'cli_auth_credentials_store = "sk-secret"', "cli_auth_credentials_store"],
  ["an unknown method", 'forced_login_method = "sk-secret"', "forced_login_method"],
  ["a workspace that is none", 'forced_chatgpt_workspace_id = { id = "sk-secret" }', "forced_chatgpt_workspace_id"]
]

describe("config.toml", () => {
  virtual.each(keys)("may hold %s", function* ([, toml, expected]) {
    const home = yield* configured(toml)
    const found = yield* settings({ CODEX_HOME: home })
    assert.deepStrictEqual(found, { ...AccountConfigEnv.defaults, codexHome: home, ...expected })
  })

  virtual("gives way to a base URL that the caller says", function* () {
    const home = yield* configured('chatgpt_base_url = "http://file.test"')
    const found = yield* settings({ CODEX_HOME: home }, { baseUrl: "http://caller.test" })
    assert.strictEqual(found.backend.url, "http://caller.test")
  })

  virtual.each(malformed)("with %s is refused: the place is told, the contents are not", function* ([, toml, place]) {
    const home = yield* configured(toml)
    const found = yield* trouble({ CODEX_HOME: home })
    assert.strictEqual(found.reason, "ConfigMalformed")
    assert.include(found.detail, place)
    assert.include(found.detail, home)
    assert.notInclude(found.shown, "sk-secret")
    assert.strictEqual(Fs.readFileSync(Path.join(home, "config.toml"), "utf8"), toml)
  })

  inHome("that is a folder is refused", function* (home) {
    Fs.mkdirSync(Path.join(home, "config.toml"))
    assert.strictEqual((yield* trouble({ CODEX_HOME: home })).reason, "ConfigUnreadable")
  })
})

const unusable = [
  "ftp://auth.example.test/a",
  "auth.example.test",
  "/oauth/token",
  "javascript:alert(1)",
  "https://",
  "https://ada:hunter2@auth.example.test/a",
  "https://hunter2@auth.example.test/a"
]

describe("a URL that can't be used", () => {
  virtual.each(unusable)("is refused wherever it stands, and not shown: %s", function* (bad) {
    const plain = yield* temporaryHome()
    const variables = [
      "CODEX_REFRESH_TOKEN_URL_OVERRIDE",
      "CODEX_REVOKE_TOKEN_URL_OVERRIDE",
      "CODEX_APP_SERVER_LOGIN_ISSUER",
      "CODEX_AUTHAPI_BASE_URL"
    ]
    for (const [found, where] of [
      [yield* trouble({ CODEX_HOME: plain }, { baseUrl: bad }), "base URL"],
      ...(yield* Effect.forEach(variables, (name) =>
        Effect.map(trouble({ CODEX_HOME: plain, [name]: bad }), (found) => [found, name] as const)
      ))
    ] as const) {
      assert.strictEqual(found.reason, "InvalidUrl")
      assert.include(found.detail, where)
      assert.notInclude(found.shown, "hunter2")
    }
  })

  virtual.each([...unusable.map((bad) => `"${bad}"`), '""', '["hunter2"]', "9223372036854775807"])(
    "is a fault of the backend's settings alone where it is that of config.toml: %s",
    function* (value) {
      const home = yield* configured(`chatgpt_base_url = ${value}`)
      const { backend, backendFault, ...others } = yield* settings({ CODEX_HOME: home })
      assert.strictEqual(backendFault?.reason, "InvalidUrl")
      assert.include(backendFault?.message, "chatgpt_base_url")
      assert.notInclude(`${JSON.stringify(backendFault)} ${JSON.stringify(backend)}`, "hunter2")
      const { backend: _, backendFault: none, ...defaults } = AccountConfigEnv.defaults
      assert.deepStrictEqual([others, none], [{ ...defaults, codexHome: home }, null])
      // What the caller says takes its place.
      const given = yield* settings({ CODEX_HOME: home }, { baseUrl: "https://caller.test" })
      assert.isNull(given.backendFault)
    }
  )
})

describe("the layers", () => {
  inHome("take the settings from the environment, or as given", function* (home) {
    const fromEnvironment = yield* Effect.provide(
      AccountConfig,
      AccountConfigEnv.layerConfig().pipe(
        Layer.provide(Layer.setConfigProvider(provider({ CODEX_HOME: home }))),
        Layer.provide(NodeContext.layer)
      )
    )
    const given = yield* Effect.provide(AccountConfig, AccountConfigEnv.layer({ codexHome: home }))
    assert.deepStrictEqual(fromEnvironment, given)
  })

  virtual("make the store that is named", function* () {
    const codexHome = yield* temporaryHome()
    const kind = (credentialStore: AccountSettings["credentialStore"]) =>
      Effect.map(CredentialStore, (store) => store.kind).pipe(
        Effect.provide(
          Live.layerMachine.pipe(
            Layer.provide(AccountConfigEnv.layer({ codexHome, credentialStore })),
            Layer.provide(NodeContext.layer)
          )
        )
      )
    for (const name of ["file", "ephemeral", "keyring"] as const) assert.strictEqual(yield* kind(name), name)
  })
})

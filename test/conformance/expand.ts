/** The short forms in the scenarios, written out. */
import * as Predicate from "effect/Predicate"

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => Predicate.isRecord(value) && !Array.isArray(value)

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

const far = 4_102_444_800

/** A claim that is null is left out; `expiresIn` is in seconds from now. */
const token = (nowSeconds: number, claims: Json): string => {
  const all: Json = {
    plan: "pro",
    email: "oracle@example.com",
    user: "user-oracle-0001",
    account: "acc-oracle-0001",
    exp: far,
    ...claims
  }
  const payload = {
    iss: "https://auth.openai.com",
    aud: ["app_EMoamEEZ73f0CkXaXp7hrann"],
    iat: 1_760_000_000,
    exp: typeof all["expiresIn"] === "number" ? nowSeconds + all["expiresIn"] : all["exp"],
    sub: `auth0|${String(all["user"])}`,
    ...(all["email"] === null ? {} : { email: all["email"], email_verified: true }),
    "https://api.openai.com/auth": {
      ...(all["plan"] === null ? {} : { chatgpt_plan_type: all["plan"] }),
      chatgpt_user_id: all["user"],
      user_id: all["user"],
      chatgpt_account_id: all["account"]
    },
    "https://api.openai.com/profile": { email: "oracle@example.com", email_verified: true },
    ...(all["mark"] === undefined ? {} : { tok: all["mark"] })
  }
  return `${base64url({ alg: "none", typ: "JWT" })}.${base64url(payload)}.${base64url("sig")}`
}

const objectOr = (value: unknown): Json => (isObject(value) ? value : {})

const session = (nowSeconds: number, given: Json): Json => {
  const claims = objectOr(given["claims"])
  const daysAgo = typeof given["refreshedDaysAgo"] === "number" ? given["refreshedDaysAgo"] : 0
  return {
    auth_mode: "chatgpt",
    OPENAI_API_KEY: null,
    tokens: {
      id_token: token(nowSeconds, { ...claims, ...objectOr(given["id"]) }),
      access_token: token(nowSeconds, { ...claims, ...objectOr(given["access"]), mark: "access" }),
      refresh_token: given["refresh"] ?? "rt-oracle-1",
      account_id: given["accountId"] ?? "acc-oracle-0001"
    },
    last_refresh: new Date((nowSeconds - daysAgo * 86_400) * 1000).toISOString()
  }
}

const numbered = (value: unknown, n: number): unknown => JSON.parse(JSON.stringify(value).replaceAll("{n}", String(n)))

/** Replaces what begins with a dollar sign, at any depth. */
export const expand =
  (nowSeconds: number) =>
  (value: unknown): unknown => {
    const inner = expand(nowSeconds)
    if (Array.isArray(value)) return value.map(inner)
    if (!isObject(value)) return value
    if ("$token" in value) return token(nowSeconds, objectOr(value["$token"]))
    if (typeof value["$repeat"] === "string") return value["$repeat"].repeat(Number(value["times"]))
    if (typeof value["$rows"] === "number") {
      return Array.from({ length: value["$rows"] }, (_, n) => numbered(inner(value["row"]), n))
    }
    const { $session, $without, ...rest } = value
    const written = Object.entries(rest).map(([name, member]) => [name, inner(member)])
    if ($session === undefined) return Object.fromEntries(written)
    const all = { ...session(nowSeconds, objectOr($session)), ...Object.fromEntries(written) }
    const without: ReadonlyArray<unknown> = Array.isArray($without) ? $without : []
    return Object.fromEntries(Object.entries(all).filter(([name]) => !without.includes(name)))
  }

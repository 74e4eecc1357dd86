/**
 * The intended differences from the original, each with its reason.
 *
 * Of errors about params, methods and ids only code and beginning are compared (`compare.ts`): what is wrong with them is
 * said in our own words.
 */
import { isDeepStrictEqual } from "node:util"
import type { Difference, What } from "./compare.js"

/** What an entry excuses: all of its parts have to fit. */
interface Wanted {
  readonly why: string
  readonly scenario: RegExp
  readonly place?: RegExp
  readonly what: ReadonlyArray<What>
  readonly path?: RegExp
  readonly allows?: (difference: Difference) => boolean
  /** It depends on who is faster, so that it need not be there. */
  readonly sometimes?: boolean
}

const prefix = /^(failed to [a-z ]+: |error sending request)/

/** A text that begins with the original's words, and goes on with our own. */
const goesOnOtherwise = ({ played, recorded }: Difference): boolean => {
  const begins = prefix.exec(String(recorded))?.[0]
  return begins !== undefined && String(played).startsWith(begins)
}

const isNothing = (value: unknown): boolean => value === undefined || value === null

const texts = (value: unknown): ReadonlyArray<string> => (Array.isArray(value) ? value.map(String) : [])

/** The recorded requests, some of them up to so many times, and nothing else. */
const repeats =
  (times: number) =>
  ({ played, recorded }: Difference): boolean => {
    const before = texts(recorded)
    const now = texts(played)
    return (
      now.length > before.length &&
      now.length <= times * before.length &&
      new Set(now).size === new Set(before).size &&
      before.every((request) => now.includes(request))
    )
  }

const follows = (request: string): boolean => request.includes(" /redir/")

const recovery = /^POST \/oauth\/token .*"refresh_reason":"unauthorized_recovery"/

/** A 401, at most one renewal of the session, and the refused request at most once more. */
const recovers = ({ played, recorded }: Difference): boolean => {
  const before = texts(recorded)
  const more = texts(played).filter((request) => !before.includes(request))
  const again = more.filter((request) => !recovery.test(request))
  return (
    before.every((request) => texts(played).includes(request)) &&
    more.length - again.length <= 1 &&
    again.length <= 1 &&
    again.every((request) => before.some((first) => first.split(" -> ")[0] === request.split(" -> ")[0]))
  )
}

/** How many sessions there are in a scenario with more than one. */
const rolesAsked: Readonly<Record<string, number>> = {
  "account-session-switch": 2,
  "account-session-switch-no-routing": 2,
  "account-session-switch-other-key": 2,
  "account-session-switch-other-sign-in": 2,
  "account-session-switch-refresh": 2,
  "login-authtokens": 6,
  "login-authtokens-over-managed": 2
}

const noRoute = "selected workspace missing from routing discovery"

/**
 * The notifications without our additional members and without those that more is known, and with a sign-in that fails for
 * its routing as one that does not.
 */
const told = (notifications: unknown, planType = "pro"): ReadonlyArray<unknown> =>
  (Array.isArray(notifications) ? notifications : []).flatMap((one: Difference["played"]): ReadonlyArray<unknown> => {
    const { method, params } = Object(one)
    const { isWorkspaceOwner: _, workspaceRole: __, ...rest } = Object(params)
    if (rest.reason === "workspaceRoutingReady") return []
    return rest.error === noRoute
      ? [
          { method, params: { ...rest, success: true, error: null } },
          { method: "account/updated", params: { authMode: "chatgptAuthTokens", planType, reason: null } }
        ]
      : [{ method, params: rest }]
  })

const wanted: ReadonlyArray<Wanted> = [
  {
    why: "Params are an object: the values of a struct as an array are refused.",
    scenario: /^(account-read-params|rl-params)$/,
    place: /\[\]$/,
    what: ["outcome"],
    allows: ({ played }) => JSON.stringify(played).includes('"code":-32600')
  },
  {
    why: "So nothing is asked of the backend for them.",
    scenario: /^rl-params$/,
    what: ["requests", "totals"],
    place: /(\[\]|^)$/,
    path: /^$|\/wham\/usage$/,
    allows: ({ played, recorded }) =>
      Array.isArray(played) ? played.length === 0 : Number(played) === Number(recorded) - 1
  },
  {
    why: "An id is text or an integer that a double holds: with any other a request is a notification, which nothing answers.",
    scenario: /^proto-malformed$/,
    place: /"id":9007199254740993/,
    what: ["line"],
    allows: ({ played }) => texts(played).length === 0
  },
  {
    why: "Of a member that occurs twice, the last counts.",
    scenario: /^proto-malformed$/,
    place: /"method":"account\/logout2"\}$/,
    what: ["line"],
    allows: ({ played, recorded }) => texts(recorded).length === 0 && texts(played).length === 1
  },
  {
    why: "An error never repeats what the backend sent, nor its URL: after the original's first words come our own.",
    scenario: /./,
    what: ["message"],
    allows: goesOnOtherwise
  },
  {
    why: "One odd member of an answer costs its place alone, where the original refuses the whole answer.",
    scenario:
      /^(consume-codes|rl-http-errors|rl-plan-types|rl-reset-credits|rl-windows|usage-profile|workspace-messages)$/,
    what: ["outcome"],
    allows: ({ played, recorded }) =>
      /Decode error for|failed to parse workspace message timestamp/.test(JSON.stringify(recorded)) &&
      JSON.stringify(played).startsWith('{"result":')
  },
  {
    why: "Of a member of an answer that occurs twice, the last counts too.",
    scenario: /^rl-upsell$/,
    place: /^duplicate key plan_type$/,
    what: ["outcome"],
    allows: ({ played }) => JSON.stringify(played).includes('"planType":"plus"')
  },
  {
    why: "An answer is an object: the values of a struct as an array are not understood.",
    scenario: /^workspace-messages$/,
    place: /^json-array$/,
    what: ["outcome"],
    allows: ({ played }) => JSON.stringify(played).includes("can't be understood")
  },
  {
    why: "So a list of reset credits with an odd member is told, and the usage's count is not fallen back on.",
    scenario: /^rl-reset-credits$/,
    place: /^details /,
    what: ["result"],
    path: /^rateLimitResetCredits\.(availableCount|credits)$/,
    allows: ({ path, played, recorded }) =>
      path.endsWith("credits") ? recorded === null && Array.isArray(played) : typeof played === "number"
  },
  {
    why: "Zero is no time: the seconds that are left tell it.",
    scenario: /^rl-windows$/,
    place: /reset_at_0$/,
    what: ["result"],
    path: /\.resetsAt$/,
    allows: ({ played, recorded }) => recorded === 0 && typeof played === "number" && played > 0
  },
  {
    why: "A refresh token whose exchange failed a moment ago, or may have spent it, is not sent again at once.",
    scenario: /^(expired-access-refresh-http_500|refresh-reset)$/,
    what: ["requests", "totals"],
    allows: ({ played, recorded }) =>
      Array.isArray(played)
        ? isDeepStrictEqual(
            texts(played),
            texts(recorded).filter((request) => !request.startsWith("POST /oauth/token "))
          )
        : Number(played) === 1
  },
  {
    why: "An owner can be told from a member: `workspaceRole` and `isWorkspaceOwner` are additional members.",
    scenario: /./,
    what: ["result", "notifications"],
    path: /(^|\.)(workspaceRole|isWorkspaceOwner)$/,
    allows: ({ recorded }) => recorded === undefined
  },
  {
    why: "The role is read once for each session, in the background.",
    scenario: /./,
    what: ["totals"],
    path: /^GET \/backend-api\/accounts\/check\/v4-2023-04-27$/,
    allows: ({ played, recorded, scenario }) => recorded === undefined && Number(played) <= (rolesAsked[scenario] ?? 1)
  },
  {
    why: "So is the workspace: nothing follows its routing, so that account/read does not wait for it.",
    scenario: /./,
    what: ["totals"],
    path: /^GET (\/backend-api\/wham|\/api\/codex)\/accounts\/check$/,
    allows: ({ played, recorded }) => Number(played ?? 0) < Number(recorded)
  },
  {
    why: "A session whose workspace the routing does not know is still a session, and so is one without a routing.",
    scenario: /^(base-url-not-url|login-authtokens|login-authtokens-over-managed)$/,
    place: /^account\/read$/,
    what: ["outcome"],
    allows: ({ recorded }) =>
      [noRoute, "workspace routing discovery failed"].some((words) => JSON.stringify(recorded).includes(words))
  },
  {
    why: "The cloud configuration of managed plans is not ours: an account is told without it.",
    scenario: /^jwt-plan-business$/,
    place: /^account\/read$/,
    what: ["outcome"],
    allows: ({ played, recorded }) =>
      JSON.stringify(recorded).includes("cloud config: request failed") &&
      JSON.stringify(played).includes('"planType":"business"')
  },
  {
    why: "So its workspace is asked for.",
    scenario: /^jwt-plan-business$/,
    what: ["totals"],
    path: /\/wham\/accounts\/check$/,
    allows: ({ played, recorded }) => recorded === undefined && played === 1
  },
  {
    why: "So whoever is signed in is announced.",
    scenario: /^(base-url-not-url|jwt-plan-business)$/,
    what: ["notifications"],
    allows: ({ played, recorded }) => texts(recorded).length === 0 && texts(played).length === 1
  },
  {
    why: "A record that names nobody is nobody's: nothing is asked for without a session.",
    scenario: /^auth-empty-object$/,
    what: ["outcome", "code", "message", "requests", "totals"],
    allows: ({ path, place, played, what }) =>
      what === "requests" || what === "totals"
        ? isNothing(played) || texts(played).length === 0
        : place === "account/read"
          ? JSON.stringify(played).startsWith('{"result":{"account":null,')
          : what === "outcome" || path === "message"
            ? JSON.stringify(played).includes("codex account authentication required")
            : played === -32_600
  },
  {
    why: "What a sign-out removes from the store is revoked, also where a host's tokens were used instead.",
    scenario: /^login-authtokens-over-managed$/,
    place: /^(account\/logout)?$/,
    what: ["requests", "totals"],
    path: /^$|\/oauth\/revoke$/,
    allows: ({ played }) =>
      played === 1 || (texts(played).length === 1 && texts(played).join().includes("/oauth/revoke"))
  },
  {
    why: "A sign-in names this program, whoever asks it to.",
    scenario: /^login-chatgpt-(browser|full)$/,
    what: ["result"],
    path: /^authUrl$/,
    allows: ({ played, recorded }) =>
      played === String(recorded).replace("originator=oracle", "originator=effect-codex-account")
  },
  {
    why: "The pages of a sign-in say more, in words of our own.",
    scenario: /^login-chatgpt-browser$/,
    what: ["page"],
    allows: ({ played, recorded }) => Object(played).status === Object(recorded).status
  },
  {
    why: "So its sign-in succeeds, and says so. What is learned of an account later is told later.",
    scenario: /^(account-session-authtokens|login-.*)$/,
    place: /^$/,
    what: ["notifications"],
    allows: ({ played, recorded, scenario }) =>
      JSON.stringify(told(recorded, scenario === "login-authtokens" ? "pro" : "plus")) === JSON.stringify(told(played))
  },
  {
    why: "A workspace whose routing can't be read is still one to change to.",
    scenario: /^account-session-switch-no-routing$/,
    what: ["outcome", "requests", "totals", "notifications"],
    place: /^(routing fails)?$/,
    allows: ({ played, what }) =>
      what === "notifications"
        ? JSON.stringify(played).includes('"planType":"team","reason":null')
        : what === "outcome"
          ? JSON.stringify(played).includes('"selectedWorkspaceAccountId":"acc-two"')
          : what === "totals"
            ? played === 1
            : texts(played).length === 1
  },
  {
    why: "The sign-in that another program has stored is the session at once.",
    scenario: /^account-session-switch-other-sign-in$/,
    what: ["message", "requests", "result", "totals", "notifications"],
    allows: ({ played, what }) =>
      what === "message"
        ? played === "Only the active managed account session can be switched"
        : what === "result"
          ? played === "user-b"
          : what === "notifications" || isNothing(played) || texts(played).length === 0
  },
  {
    why: "An entry of the list of workspaces costs its place alone, and a number is an id too.",
    scenario: /^account-session-list$/,
    place: /^odd entries$/,
    what: ["outcome"],
    allows: ({ played }) => JSON.stringify(played).includes('"workspaces":[{"accountId":"5"')
  },
  {
    why: "A redirect is refused: nothing follows it to wherever it points.",
    scenario: /^(nudge|rl-http-errors|usage-profile|workspace-messages)$/,
    place: /^redirect-/,
    what: ["requests"],
    allows: ({ played, recorded }) =>
      isDeepStrictEqual(
        texts(played),
        texts(recorded).filter((request) => !follows(request))
      )
  },
  {
    why: "So the call fails, where what is there would be an answer.",
    scenario: /^(nudge|rl-http-errors|workspace-messages)$/,
    place: /^redirect-/,
    what: ["outcome"],
    allows: ({ played }) => JSON.stringify(played).includes("redirected the request, which is never followed")
  },
  {
    why: "So nothing arrives where a redirect points.",
    scenario: /^(nudge|rl-http-errors|usage-profile|workspace-messages)$/,
    what: ["totals"],
    path: /^(GET|POST) \/redir\//,
    allows: ({ played }) => isNothing(played)
  },
  {
    why: "A safe read is repeated where that may help.",
    scenario: /^rl-reset-credits$/,
    place: /^details (http_500|reset_before)$/,
    what: ["requests"],
    allows: repeats(2)
  },
  {
    why: "The usage is asked for up to three times.",
    scenario: /^rl-http-errors$/,
    place: /5\d\d|429|big-error/,
    what: ["requests"],
    allows: repeats(3)
  },
  {
    why: "So the backend sees two more requests for each of these eleven, and one after the 401.",
    scenario: /^rl-http-errors$/,
    what: ["totals"],
    path: /^GET \/backend-api\/wham\/usage$/,
    allows: ({ played, recorded }) => Number(played) - Number(recorded) <= 23
  },
  {
    why: "Readers at once share a request, so that every one is answered while the original still asks for the first ones.",
    scenario: /^proto-flood$/,
    what: ["result", "totals"],
    path: /^$|\/usage$/,
    allows: ({ played, recorded }) =>
      Array.isArray(played)
        ? isDeepStrictEqual(
            played,
            texts(recorded).filter((kind) => kind !== "none")
          )
        : Number(played) < 10
  },
  {
    why: "So is the list of workspaces.",
    scenario: /^account-session-(list|switch-check-errors)$/,
    what: ["totals"],
    path: /\/wham\/accounts\/check$/,
    allows: ({ played, recorded }) => Number(played) <= Number(recorded) + 2
  },
  {
    why: "Where the usage can't be read, the list of credits is not waited for, and perhaps not even asked for.",
    scenario: /^rl-/,
    what: ["requests"],
    allows: ({ failed, played, recorded }) =>
      failed &&
      texts(recorded)
        .filter((request) => !/rate-limit-reset-credits ->/.test(request))
        .join() === texts(played).join(),
    sometimes: true
  },
  {
    why: "So the backend sees fewer requests for the list, or up to two more.",
    scenario: /^rl-/,
    what: ["totals"],
    path: /rate-limit-reset-credits$/,
    allows: ({ played, recorded, scenario }) =>
      Number(played) <= Number(recorded) + (scenario === "rl-reset-credits" ? 2 : 0),
    sometimes: true
  },
  {
    why: "A list of credits that does not come is asked for again, for 8 s in all instead of 5.",
    scenario: /^timeout-details-hang$/,
    what: ["requests", "totals", "took"],
    allows: (difference) =>
      difference.what === "took"
        ? Number(difference.played) < 8500
        : difference.what === "totals"
          ? difference.played === 2
          : repeats(2)(difference)
  },
  {
    why: "A 401 is answered once by renewing the session and asking again.",
    scenario:
      /^(401-then-refresh-usage|account-session-(list|switch-check-errors)|auth-file-changed-on-disk|rl-http-errors|rl-reset-credits|usage-profile|workspace-messages)$/,
    place: /401/,
    what: ["requests"],
    allows: recovers
  },
  {
    why: "So the call succeeds where the renewal does.",
    scenario: /^(401-then-refresh-usage|auth-file-changed-on-disk)$/,
    place: /401/,
    what: ["outcome"],
    allows: ({ played, recorded }) =>
      JSON.stringify(recorded).includes("401 Unauthorized") && JSON.stringify(played).startsWith('{"result":')
  },
  {
    why: "So the backend sees the renewal and the second request.",
    scenario:
      /^(401-then-refresh-usage|account-session-(list|switch-check-errors)|auth-file-changed-on-disk|rl-http-errors|rl-reset-credits|usage-profile|workspace-messages)$/,
    what: ["totals"],
    path: /^(POST \/oauth\/token|GET \/backend-api\/wham\/usage)$/,
    allows: ({ played, recorded, scenario }) =>
      Number(played) - Number(recorded ?? 0) ===
      (scenario === "auth-file-changed-on-disk" && recorded === undefined ? 2 : 1)
  },
  {
    why: "What was renewed after a 401 is renewed again when a client asks for it: the store holds nothing newer.",
    scenario: /^auth-file-changed-on-disk$/,
    place: /^forced refresh after rewrite$/,
    what: ["requests"],
    allows: ({ played }) =>
      texts(played).length === 1 && texts(played).every((one) => one.includes('"refresh_reason":"forced"'))
  },
  {
    why: "Nothing is sent with the token of a session that the server refuses to renew.",
    scenario: /^expired-access-refresh-expired$/,
    what: ["requests", "totals"],
    path: /^$|usage$/,
    allows: ({ played }) => isNothing(played) || texts(played).length === 0
  },
  {
    why: "A renewal that fails is not tried again with every use of the session.",
    scenario: /^expired-access-refresh-/,
    what: ["totals"],
    path: /^POST \/oauth\/token$/,
    allows: ({ played, recorded }) => Number(played) < Number(recorded)
  },
  {
    why: "It is tried again after a 401, and then not before the request.",
    scenario: /^expired-access-refresh-http_500$/,
    what: ["requests"],
    allows: ({ played, recorded }) =>
      texts(played).length === 0
        ? texts(recorded).every((request) => request.includes("proactive_expiry"))
        : texts(played).join().replace("unauthorized_recovery", "proactive_expiry") === texts(recorded).join()
  },
  {
    why: "What a single thread has used is not asked for: the answer is that of all threads, and threadUsage is null.",
    scenario: /^path-style-codex-api$/,
    place: /^(account\/usage\/read)?$/,
    what: ["requests", "totals"],
    path: /^$|thread_usage\/query$|profiles\/me$/,
    allows: ({ played }) =>
      isNothing(played) || played === 2 || texts(played).join().startsWith("GET /api/codex/profiles/me")
  },
  {
    why: "A session is renewed earlier than by the original, so that the two seldom do it at once.",
    scenario: /^near-expiry-6min$/,
    what: ["requests", "totals"],
    path: /^$|^POST \/oauth\/token$/,
    allows: ({ played, recorded, what }) =>
      what === "totals"
        ? played === 1
        : texts(played)
            .filter((request) => !request.includes("proactive_expiry"))
            .join() === texts(recorded).join()
  },
  {
    why: "There is no security setup here: the answer is always that there is no notice, and nobody is asked.",
    scenario: /^(path-style-codex-api|proto-no-capabilities)$/,
    what: ["requests", "totals"],
    place: /^(account\/securitySetup\/read)?$/,
    path: /^$|\/security-setup$/,
    allows: ({ played }) => isNothing(played) || texts(played).length === 0
  }
]

const isWanted =
  (difference: Difference) =>
  ({ allows = () => true, path = /(?:)/, place = /(?:)/, scenario, what }: Wanted): boolean =>
    what.includes(difference.what) &&
    scenario.test(difference.scenario) &&
    place.test(difference.place) &&
    path.test(difference.path) &&
    allows(difference)

export interface Judgement {
  readonly unwanted: ReadonlyArray<Difference>
  /** Entries whose scenarios were played, all of them, and that match nothing. */
  readonly stale: ReadonlyArray<Wanted>
}

/** `played` are the names of some of `all`. */
export const judge = (
  differences: ReadonlyArray<Difference>,
  played: ReadonlyArray<string>,
  all: ReadonlyArray<string>,
  list: ReadonlyArray<Wanted> = wanted
): Judgement => ({
  unwanted: differences.filter((difference) => !list.some(isWanted(difference))),
  stale: list.filter(
    (entry) =>
      entry.sometimes !== true &&
      all.every((name) => played.includes(name) || !entry.scenario.test(name)) &&
      !differences.some((difference) => isWanted(difference)(entry))
  )
})

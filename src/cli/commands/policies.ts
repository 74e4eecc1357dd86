/** `codex-account policies`. */
import * as Duration from "effect/Duration"
import type { CallPolicy } from "../../domain/CallPolicy.js"
import { defaultRenewal } from "../../domain/RenewalPolicy.js"
import { Policies } from "../../services/Policies.js"
import { policiesFields } from "../json/outputs.js"
import type { Canvas } from "../render/limits.js"
import { table } from "../render/text.js"
import { lengthOf } from "../render/time.js"
import { present } from "../Report.js"

const seconds = (duration: Duration.Duration): string => `${Duration.toMillis(duration) / 1000} s`

const row = (policy: CallPolicy) => ({
  name: policy.name,
  repeat: policy.repeat,
  keyField: policy.repeat === "keyed" ? "redeem_request_id" : null,
  attempts: policy.attempts,
  attemptTimeoutMillis: Duration.toMillis(policy.attemptTimeout),
  overallTimeoutMillis: Duration.toMillis(policy.overallTimeout),
  backoff: {
    baseMillis: Duration.toMillis(policy.backoff.base),
    factor: policy.backoff.factor,
    capMillis: Duration.toMillis(policy.backoff.cap),
    jitter: policy.backoff.jitter
  },
  retryOn: policy.retryOn,
  retryAfterCapMillis: Duration.toMillis(policy.retryAfterCap),
  redirects: "refuse" as const
})

const lines = (policies: ReadonlyArray<CallPolicy>, canvas: Canvas): ReadonlyArray<string> => [
  ...table(
    ["call", "repeat", "tries", "one try", "in all"],
    policies.map((policy) => [
      policy.name,
      policy.repeat,
      String(policy.attempts),
      seconds(policy.attemptTimeout),
      seconds(policy.overallTimeout)
    ]),
    canvas
  ),
  "",
  "safe: repeating changes nothing. keyed: the same key takes effect once. never: sent once.",
  "Redirects are never followed. To change a number: CODEX_ACCOUNT_POLICY_<CALL>_ATTEMPTS,",
  "_ATTEMPT_TIMEOUT or _OVERALL_TIMEOUT; --timeout caps all times.",
  `A session is renewed ${lengthOf(Duration.toMillis(defaultRenewal.before))} before it expires, or up to ${lengthOf(Duration.toMillis(defaultRenewal.jitter))} earlier, at random.`
]

export const policies = Policies.pipe(
  present({
    fields: policiesFields,
    value: (table) => ({
      policies: Object.values(table).map(row),
      renewal: {
        beforeMillis: Duration.toMillis(defaultRenewal.before),
        jitterMillis: Duration.toMillis(defaultRenewal.jitter),
        maxAgeMillis: Duration.toMillis(defaultRenewal.maxAge)
      }
    }),
    lines: (table, canvas) => lines(Object.values(table), canvas)
  })
)

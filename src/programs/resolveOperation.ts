/** Bring an act whose outcome is not known to an end. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ActError } from "../domain/ActError.js"
import type { Operation } from "../domain/Operation.js"
import { Dialog } from "../services/Dialog.js"
import { OperationJournal } from "../services/OperationJournal.js"
import type { RateLimits } from "../services/RateLimits.js"
import { type Asked, withOperationLease } from "./runOperation.js"
import { redeemReset, type RedeemResult } from "./redeem.js"

/**
 * What a person found out: the recipient has it, or has not.
 * @since 0.1.0
 * @category models
 */
export type Finding = "arrived" | "missing"

/**
 * `Redeemed` carries on the redemption with its own key. `Closed` records what the person found out. `Left`: nothing
 * changed.
 * @since 0.1.0
 * @category models
 */
export type Resolution =
  | { readonly _tag: "Redeemed"; readonly result: RedeemResult }
  | { readonly _tag: "Closed"; readonly operation: Operation }
  | { readonly _tag: "Left"; readonly operation: Operation }

const notOpen = (operation: Operation) =>
  new ActError({
    act: operation.act,
    reason: "NotNeeded",
    key: operation.key,
    status: null,
    detail: `Its outcome is known: ${operation.state._tag}.`
  })

/**
 * A redemption is sent again with its own key, which can't spend a second credit. An invite or a message to the owner is
 * not sent again: the person says whether it arrived, which is refused while it is being sent.
 * @since 0.1.0
 * @category programs
 */
export const resolveOperation = (
  key: string,
  options: { readonly finding?: Finding | undefined } = {}
): Asked<Resolution, RateLimits> =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const dialog = yield* Dialog
    const open = Effect.gen(function* () {
      const found = yield* journal.find(key)
      if (Option.isNone(found)) {
        return yield* ActError.of("redeem", "InvalidInput", "The journal holds no operation of that key.")
      }
      return found.value.isOpen ? found.value : yield* notOpen(found.value)
    })
    const operation = yield* open
    if (operation.act === "redeem") return { _tag: "Redeemed", result: yield* redeemReset({ key }) } as const

    const finding: Finding | "leave" =
      options.finding ??
      (yield* dialog.choose({
        id: "journal.finding",
        title: operation.act === "invite" ? "Did the invite reach the recipient?" : "Did the owner get the message?",
        choices: [
          { value: "leave" as const, label: "I don't know yet", hint: "leave it open" },
          { value: "arrived" as const, label: "Yes" },
          { value: "missing" as const, label: "No" }
        ]
      }))
    if (finding === "leave") return { _tag: "Left", operation } as const
    // While it is being sent, only the sender's answer counts: the lease keeps a finding out until then.
    const closed = yield* withOperationLease(operation, () =>
      Effect.zipRight(
        open,
        journal.advance(
          key,
          finding === "arrived"
            ? { _tag: "succeeded", outcome: "arrived, as found out by hand" }
            : { _tag: "rejected", reason: "did not arrive, as found out by hand" }
        )
      )
    )
    return { _tag: "Closed", operation: closed } as const
  }).pipe(Effect.withSpan("codex.program.resolveOperation", { attributes: { key } }))

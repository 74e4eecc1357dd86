/** The rows of the usage menu: what they say, and what is read for it. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { BackendError } from "../domain/BackendError.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { plainLine } from "../domain/PlainText.js"
import type { ReferralOffer } from "../domain/ReferralOffer.js"
import { Session } from "../domain/Session.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { type Workspace, workspaceLabel } from "../domain/Workspace.js"
import type { Choice } from "../services/Dialog.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { loadOffer } from "./invite.js"
import { nudgeNeed } from "./nudge.js"
import type { OperationFailure } from "./runOperation.js"
import { readUsage } from "./usage.js"
import { readWorkspaces } from "./workspaces.js"

/** What the last reads said. `count` is the number of resets; it and the usage stay known when a later read fails. */
export interface Known {
  readonly count: number | null
  readonly usage: UsageSnapshot | null
  readonly error: OperationFailure | null
  readonly isOpen: boolean
  readonly offer: ReferralOffer | null
  readonly workspaces: ReadonlyArray<Workspace>
}

export const nothing: Known = { count: null, usage: null, error: null, isOpen: false, offer: null, workspaces: [] }

/** How long the menu waits for what its rows say; it is there without that too. */
const patience = "5 seconds"

/** A session that names the user and the account may have an offer; a failure hides it. */
const offerFor = ({ identity }: Session) =>
  identity.userId === null || identity.accountId === null
    ? Effect.succeed(null)
    : loadOffer.pipe(
        Effect.map((offer) =>
          Option.getOrNull(Option.filter(offer, (found) => sameIdentity(found.identity, identity)))
        ),
        Effect.timeout(patience),
        Effect.orElseSucceed(() => null)
      )

/** Whether a redemption can be carried on; without the journal none can. */
const hasOpenRedemption = (identity: Identity) =>
  Effect.flatMap(OperationJournal, (journal) =>
    journal.list({ act: "redeem", identity, state: "open", limit: 1 })
  ).pipe(
    Effect.map((open) => open.length > 0),
    Effect.orElseSucceed(() => false)
  )

/** Where this can't be read there is no choice between several. */
const workspacesOf = readWorkspaces().pipe(
  Effect.timeout(patience),
  Effect.orElseSucceed(() => [])
)

/** Reads what the rows need: the number of resets, whether one is open, the offer, and the workspaces. */
export const readRows = (session: Session, before: Known) =>
  Effect.gen(function* () {
    const usage = Effect.gen(function* () {
      const usage = yield* readUsage({ fresh: true })
      if (!sameIdentity(usage.identity, session.identity))
        return yield* BackendError.of("usage.read", "IdentityChanged")
      if (usage.resetCredits === null) return yield* BackendError.of("usage.read", "Malformed")
      return { error: null, count: usage.resetCredits.availableAt(usage.fetchedAt), usage }
    }).pipe(
      Effect.timeoutFail({ duration: patience, onTimeout: () => BackendError.of("usage.read", "Timeout") }),
      Effect.catchAll((error) => Effect.succeed({ error, count: before.count, usage: before.usage }))
    )
    const [read, isOpen, offer, workspaces] = yield* Effect.all(
      [usage, hasOpenRedemption(session.identity), offerFor(session), workspacesOf],
      { concurrency: "unbounded" }
    )
    return { ...read, isOpen, offer, workspaces } satisfies Known
  })

/** Where a row leads. */
export type Flow = "usage" | "redeem" | "invite" | "nudge" | "workspace"

const resetsText = ({ count, error, isOpen }: Known): string => {
  if (isOpen) return "One was sent, and its outcome is not known: carry it on."
  if (count !== null) return count > 0 ? `${count} reset${count === 1 ? "" : "s"} available.` : "None available."
  return error === null ? "Check what is available." : "Check what is available: the last reading failed."
}

const nudgeRow = (usage: UsageSnapshot | null): ReadonlyArray<Choice<Flow>> => {
  const need = usage === null ? null : nudgeNeed(usage)
  if (need === null) return []
  const isCredits = need.creditType === "credits"
  const description = isCredits ? "The workspace has no credits left." : "The workspace's spend cap is reached."
  const label = need.byOwner
    ? "What to do about the workspace's limit"
    : `Ask the workspace owner for ${isCredits ? "credits" : "a higher limit"}`
  return [{ value: "nudge", label, description }]
}

/** The session with its workspace, as far as that is listed. */
export const withWorkspace = (session: Session, { workspaces }: Known): Session =>
  new Session({ ...session, workspace: workspaces.find(({ id }) => id === session.identity.accountId) ?? null })

const workspaceRow = (session: Session, known: Known): ReadonlyArray<Choice<Flow>> => {
  if (known.workspaces.length < 2) return []
  const { workspace: current } = withWorkspace(session, known)
  const description = current === null ? "You are in none of those listed." : `You are in ${workspaceLabel(current)}.`
  return [{ value: "workspace", label: "Change the workspace", description }]
}

/** The rows, with those left out that lead to nothing now. */
export const rowsOf = (session: Session, known: Known): ReadonlyArray<Choice<Flow>> => {
  const { count, isOpen, offer, usage } = known
  const canRedeem = isOpen || (count === null ? session.usesBackend : count > 0)
  return [
    { value: "usage", label: "Show usage", description: "What is left, and your token activity." },
    {
      value: "redeem",
      label: "Redeem usage limit reset",
      description: canRedeem ? resetsText(known) : "None available.",
      enabled: canRedeem
    },
    ...(offer === null
      ? []
      : [
          {
            value: "invite" as const,
            label: "Invite someone to Codex",
            description: plainLine(offer.description ?? "", 300) || "There is an offer for this account."
          }
        ]),
    ...nudgeRow(usage),
    ...workspaceRow(session, known)
  ]
}

/** The workspaces of the account, and the change to another one. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { AccountId, Identity } from "../domain/Identity.js"
import { plainLine } from "../domain/PlainText.js"
import type { Session } from "../domain/Session.js"
import { type Workspace, workspaceLabel } from "../domain/Workspace.js"
import { WorkspaceError } from "../domain/WorkspaceError.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog, type DialogError } from "../services/Dialog.js"
import { underPolicy } from "../services/Policies.js"
import { Workspaces } from "../services/Workspaces.js"
import { ensureStill } from "./status.js"

const underReadPolicy = underPolicy("readWorkspaces", "safe", "15 seconds")

/** All of them: from memory while they are young, unless `fresh`. */
export const readWorkspaces = (options?: { readonly fresh?: boolean }) =>
  Effect.flatMap(Workspaces, (workspaces) => workspaces.list(options)).pipe(underReadPolicy)

/** Changes to that workspace, without any question. */
export const switchWorkspace = (options: { readonly as: Identity; readonly id: AccountId }) =>
  Effect.flatMap(Workspaces, (workspaces) => workspaces.switchTo(options)).pipe(
    underReadPolicy,
    underPolicy("switchWorkspace", "never", "30 seconds")
  )

/** The one with that id, else the only one with that name, whatever its case. */
const named = (workspaces: ReadonlyArray<Workspace>, name: string) => {
  const wanted = plainLine(name).toLowerCase()
  const byId = workspaces.filter(({ id }) => id === name)
  const found = byId.length > 0 ? byId : workspaces.filter((one) => workspaceLabel(one).toLowerCase() === wanted)
  const [workspace] = found
  if (workspace === undefined) {
    const names = workspaces.map(workspaceLabel).join(", ")
    return Effect.fail(WorkspaceError.of("NotListed", names === "" ? null : `it has ${names}`))
  }
  return found.length === 1
    ? Effect.succeed(workspace)
    : Effect.fail(WorkspaceError.of("Ambiguous", found.map(({ id }) => plainLine(id, 100)).join(", ")))
}

/** The session is that of before; `workspaces` are in the backend's order. */
const listed = Effect.gen(function* () {
  const dialog = yield* Dialog
  const { session } = yield* (yield* AuthSession).authorization
  const workspaces = yield* dialog.progress("Reading your workspaces", readWorkspaces())
  yield* ensureStill(session.identity)
  return { session, workspaces }
})

/**
 * Shows the workspaces that the account can use.
 * @since 0.1.0
 * @category programs
 */
export const showWorkspaces: Effect.Effect<
  { readonly session: Session; readonly workspaces: ReadonlyArray<Workspace> },
  AuthError | BackendError,
  AuthSession | Dialog | Workspaces
> = listed.pipe(Effect.withSpan("codex.program.showWorkspaces"))

/**
 * Changes to the workspace with that id or name; without one it asks which.
 * @since 0.1.0
 * @category programs
 */
export const changeWorkspace = (
  name?: string
): Effect.Effect<
  { readonly outcome: "switched" | "unchanged"; readonly session: Session; readonly workspace: Workspace },
  AuthError | BackendError | DialogError | WorkspaceError,
  AuthSession | Dialog | Workspaces
> =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
    const { session: before, workspaces } = yield* listed
    const isCurrent = ({ id }: Workspace) => id === before.identity.accountId
    const workspace =
      name === undefined
        ? yield* dialog.choose({
            id: "workspace.choose",
            title: "Which workspace?",
            choices: Arr.appendAll(...Arr.partition(workspaces, (one) => !isCurrent(one))).map((value) => ({
              value,
              label: workspaceLabel(value),
              hint: isCurrent(value) ? "you are here" : undefined
            })),
            cancel: "Stay here"
          })
        : yield* named(workspaces, name)
    const switching = switchWorkspace({ as: before.identity, id: workspace.id })
    const session = yield* dialog.progress(`Changing to ${workspaceLabel(workspace)}`, switching, { isAct: true })
    return { outcome: isCurrent(workspace) ? ("unchanged" as const) : ("switched" as const), session, workspace }
  }).pipe(Effect.withSpan("codex.program.changeWorkspace"))

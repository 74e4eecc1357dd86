/** All commands that `@effect/cli` reads, each over the layers that it needs. */
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { version } from "../domain/version.js"
import { BadUsage } from "./BadUsage.js"
import { backend } from "./commands/backend.js"
import { makeDoctor } from "./commands/doctor.js"
import { guard } from "./commands/guard.js"
import { invite } from "./commands/invite.js"
import { journal } from "./commands/journal.js"
import { login } from "./commands/login.js"
import { logout } from "./commands/logout.js"
import { notifyOwner } from "./commands/notifyOwner.js"
import { policies } from "./commands/policies.js"
import { redeem } from "./commands/redeem.js"
import { role } from "./commands/role.js"
import { session } from "./commands/session.js"
import { menuOrStatus, status } from "./commands/status.js"
import { usage } from "./commands/usage.js"
import { layerAccount, layerLogin, layerPolicies } from "./compose.js"
import type { Circumstances } from "./Failure.js"
import { withoutColor } from "./render/paint.js"
import * as TerminalDialog from "./terminal/TerminalDialog.js"

const rootFor = (at: Circumstances) =>
  Command.make("codex-account", {}, () => Effect.provide(menuOrStatus, layerAccount)).pipe(
    Command.withSubcommands([
      usage.pipe(Command.provide(layerAccount)),
      status.pipe(Command.provide(layerAccount)),
      redeem.pipe(Command.provide(layerAccount)),
      invite.pipe(Command.provide(layerAccount)),
      notifyOwner.pipe(Command.provide(layerAccount)),
      role.pipe(Command.provide(layerAccount)),
      guard.pipe(Command.provide(layerAccount)),
      session.pipe(Command.provide(layerAccount)),
      login.pipe(Command.provide(layerLogin)),
      logout.pipe(Command.provide(layerAccount)),
      journal.pipe(Command.provide(layerAccount)),
      policies.pipe(Command.provide(layerPolicies)),
      backend,
      makeDoctor(layerAccount, at)
    ])
  )

const toBadUsage = (error: ValidationError.ValidationError): BadUsage =>
  new BadUsage({ message: withoutColor(HelpDoc.toAnsiText(error.error)), advice: null })

/** Carries out a command line that `toCommandLine` has put in order. */
export const run = (args: ReadonlyArray<string>, at: Circumstances) => {
  const app = Command.run(rootFor(at), { name: "codex-account", version, executable: "codex-account" })
  return app(["node", "codex-account", ...args]).pipe(
    Effect.catchIf(ValidationError.isValidationError, (error) => Effect.fail(toBadUsage(error))),
    Effect.provide(Layer.merge(TerminalDialog.layer, NodeTerminal.layer))
  )
}

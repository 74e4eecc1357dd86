/** A sign-in as a process of its own: method, home, issuer and ports are its arguments. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as AccountConfigEnv from "../../../src/layers/AccountConfigEnv.js"
import * as AuthSessionOAuth from "../../../src/layers/AuthSessionOAuth.js"
import * as CredentialStoreFile from "../../../src/layers/CredentialStoreFile.js"
import * as HttpClientNode from "../../../src/layers/HttpClientNode.js"
import * as LeaseMemory from "../../../src/layers/LeaseMemory.js"
import * as SignInHttp from "../../../src/layers/SignInHttp.js"
import { signIn } from "../../../src/programs/signIn.js"
import { Browser } from "../../../src/services/Browser.js"
import { Dialog } from "../../../src/services/Dialog.js"
import { SignIn } from "../../../src/services/SignIn.js"

const [method, codexHome = "", issuer = "", ports = ""] = process.argv.slice(2)
const [first = 0, ...others] = ports.split(",").map(Number)

const nobody = () => Effect.dieMessage("Nobody is here to ask.")

const printing = Layer.succeed(
  Dialog,
  Dialog.of({
    confirm: nobody,
    choose: nobody,
    ask: nobody,
    progress: (_label, work) => work,
    notice: (text) => Effect.sync(() => void process.stdout.write(`${text}\n`))
  })
)

const layer = Layer.mergeAll(
  AuthSessionOAuth.layer,
  Layer.effect(SignIn, SignInHttp.make({ ...SignInHttp.defaultLoopback, ports: [first, ...others] })),
  Layer.succeed(Browser, { open: () => Effect.succeed(false) }),
  printing
).pipe(
  Layer.provideMerge(Layer.mergeAll(CredentialStoreFile.layer, HttpClientNode.layer, LeaseMemory.layer)),
  Layer.provideMerge(AccountConfigEnv.layer({ codexHome, issuer })),
  Layer.provideMerge(NodeContext.layer)
)

NodeRuntime.runMain(Effect.provide(signIn({ method: method === "device" ? "device" : "browser" }), layer), {
  teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? 0 : Cause.isInterruptedOnly(exit.cause) ? 130 : 1)
})

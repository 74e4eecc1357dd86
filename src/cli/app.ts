/**
 * From the command line to what carries it out: a server at once, every other command by the tree in commandTree.ts.
 */
import * as Effect from "effect/Effect"
import type { Circumstances } from "./Failure.js"

const server = (args: ReadonlyArray<string>) =>
  Effect.flatMap(
    Effect.promise(() => import("./commands/appServer.js")),
    ({ appServer }) => appServer(args)
  )

const command = (args: ReadonlyArray<string>, at: Circumstances) =>
  Effect.flatMap(
    Effect.promise(() => import("./commandTree.js")),
    ({ run }) => run(args, at)
  )

/**
 * Carries out a command line that `toCommandLine` has put in order. A client waits for the first answer of a server, which
 * is why that is not kept waiting by what the other commands need.
 */
export const run = ([name, ...args]: ReadonlyArray<string>, at: Circumstances) =>
  name === "app-server" ? server(args) : command(name === undefined ? [] : [name, ...args], at)

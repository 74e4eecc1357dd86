/** A Secret Service of its own: Debian's gnome-keyring on a message bus that only the test knows. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { once } from "node:events"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"

const inPath = (program: string) =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)))

/** What is missing to start one, as a sentence; null when nothing is. */
export const missing: string | null = (() => {
  if (process.platform !== "linux") return `the platform is ${process.platform}`
  const absent = ["dbus-daemon", "dbus-send", "gnome-keyring-daemon"].filter((program) => !inPath(program))
  return absent.length === 0 ? null : `${absent.join(" and ")} not found (Debian: apt-get install dbus gnome-keyring)`
})()

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill("SIGKILL")
  await once(child, "exit")
}

export class SecretService {
  private keyring: ChildProcess | undefined

  private constructor(
    private readonly folder: string,
    private readonly bus: ChildProcess,
    private readonly env: NodeJS.ProcessEnv
  ) {}

  /** The address of the bus, as `DBUS_SESSION_BUS_ADDRESS` has it. */
  get address(): string {
    return this.env["DBUS_SESSION_BUS_ADDRESS"] ?? ""
  }

  static async start(): Promise<SecretService> {
    const folder = mkdtempSync(join(tmpdir(), "secret-service-"))
    const data = join(folder, "data")
    // Whoever is asked to unlock the keyring never answers.
    const services = join(data, "dbus-1/services")
    mkdirSync(services, { recursive: true })
    writeFileSync(
      join(services, "org.gnome.keyring.SystemPrompter.service"),
      "[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=/bin/sleep 60\n"
    )
    const runtime = join(folder, "runtime")
    mkdirSync(runtime)
    chmodSync(runtime, 0o700)
    const env = { ...process.env, HOME: folder, XDG_DATA_HOME: data, XDG_RUNTIME_DIR: runtime }
    const bus = spawn("dbus-daemon", ["--session", "--nofork", "--print-address"], {
      env,
      stdio: ["ignore", "pipe", "ignore"]
    })
    const [address] = await once(bus.stdout.setEncoding("utf8"), "data")
    return new SecretService(folder, bus, { ...env, DBUS_SESSION_BUS_ADDRESS: String(address).trim() })
  }

  /** Starts the keyring anew: unlocked, or locked with what it held before. */
  async run(state: "unlocked" | "locked"): Promise<void> {
    if (this.keyring !== undefined) await end(this.keyring)
    const unlock = state === "unlocked" ? ["--unlock"] : []
    this.keyring = spawn("gnome-keyring-daemon", [...unlock, "--components=secrets", "--foreground"], {
      env: this.env,
      stdio: ["pipe", "ignore", "ignore"]
    })
    this.keyring.stdin?.end(state === "unlocked" ? "password" : "")
    for (let tries = 0; tries < 100 && !this.answers(); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  private answers(): boolean {
    const owner = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"]
    const name = ["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"]
    const { stdout } = spawnSync("dbus-send", [...owner, ...name], { env: this.env, encoding: "utf8" })
    return stdout.includes("true")
  }

  async stop(): Promise<void> {
    if (this.keyring !== undefined) await end(this.keyring)
    await end(this.bus)
    rmSync(this.folder, { recursive: true, force: true })
  }
}

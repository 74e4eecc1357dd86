/** Servers on the loopback that do what a test says and count what reaches them. All are gone with the test. */
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Http from "node:http"
import * as Https from "node:https"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"

/** Listens until the test ends: on a free port, or on a port or a unix socket of its own. */
export const listening = (make: () => Net.Server, at: number | string = 0) =>
  Effect.gen(function* () {
    const sockets = new Set<Net.Socket>()
    const counted = { connections: 0 }
    const server = yield* Effect.acquireRelease(Effect.sync(make), (server) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        for (const socket of sockets) socket.destroy()
      })
    )
    server.on("connection", (socket: Net.Socket) => {
      counted.connections += 1
      sockets.add(socket)
      socket.on("error", () => {})
      socket.on("close", () => sockets.delete(socket))
    })
    const port = yield* Effect.async<number>((resume) => {
      server.listen(typeof at === "string" ? { path: at } : { port: at, host: "127.0.0.1" }, () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    })
    return { port, counted, sockets }
  })

export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: Http.IncomingHttpHeaders
  readonly body: string
}

type Handler = (request: Received, response: Http.ServerResponse, nth: number) => void
const receiving =
  (received: Array<Received>, handler: Handler) => (request: Http.IncomingMessage, response: Http.ServerResponse) => {
    let body = ""
    request.on("data", (chunk) => (body += String(chunk)))
    request.on("end", () => {
      const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body }
      received.push(one)
      handler(one, response, received.length)
    })
  }

/** An HTTP server, with everything that it has received. */
export const httpServer = (handler: Handler) =>
  Effect.gen(function* () {
    const received: Array<Received> = []
    const { counted, port } = yield* listening(() => Http.createServer(receiving(received, handler)))
    return { origin: `http://127.0.0.1:${port}`, port, received, counted }
  })

export const json = (response: Http.ServerResponse, value: unknown, headers: Http.OutgoingHttpHeaders = {}) => {
  response.writeHead(200, { "content-type": "application/json", ...headers })
  response.end(JSON.stringify(value))
}

/** A TCP server that speaks no HTTP of its own: `answer` gets each whole request as it came. */
export const rawServer = (answer: (socket: Net.Socket, request: string, nth: number) => void) =>
  Effect.gen(function* () {
    const requests: Array<string> = []
    const closed = { count: 0 }
    const { counted, port } = yield* listening(() =>
      Net.createServer((socket) => {
        let pending = ""
        socket.on("close", () => (closed.count += 1))
        socket.on("data", (chunk) => {
          pending += chunk.toString("latin1")
          for (;;) {
            const head = pending.indexOf("\r\n\r\n")
            if (head < 0) return
            const length = Number(/content-length: (\d+)/i.exec(pending.slice(0, head))?.[1] ?? 0)
            const end = head + 4 + length
            if (pending.length < end) return
            const request = pending.slice(0, end)
            pending = pending.slice(end)
            requests.push(request)
            answer(socket, request, requests.length)
          }
        })
      })
    )
    return { origin: `http://127.0.0.1:${port}`, requests, counted, closed }
  })

/** Ports that were free a moment ago. */
export const freePorts = (count: number) =>
  Effect.scoped(
    Effect.forEach(Array.from({ length: count }), () => Effect.map(listening(Net.createServer), ({ port }) => port))
  )
export const freePort = Effect.map(freePorts(1), ([port = 0]) => port)

/** An HTTP proxy that tunnels and forwards; `targets` names every host it was asked for. */
export const proxy = (options?: { readonly credentials?: string }) =>
  Effect.gen(function* () {
    const targets: Array<string> = []
    const isAllowed = (request: Http.IncomingMessage) =>
      options?.credentials === undefined ||
      request.headers["proxy-authorization"] === `Basic ${Buffer.from(options.credentials).toString("base64")}`
    const { port } = yield* listening(() => {
      const server = Http.createServer((request, response) => {
        const url = new URL(request.url ?? "")
        targets.push(url.host)
        if (!isAllowed(request)) return void response.writeHead(407).end()
        const onward = Http.request(url, { method: request.method, headers: request.headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(response)
        })
        onward.on("error", () => response.writeHead(502).end())
        request.pipe(onward)
      })
      server.on("connect", (request: Http.IncomingMessage, socket: Net.Socket, head: Buffer) => {
        targets.push(request.url ?? "")
        if (!isAllowed(request)) return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        const { hostname, port } = new URL(`http://${request.url}`)
        const onward = Net.connect(Number(port), hostname, () => {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
          onward.write(head)
          onward.pipe(socket)
          socket.pipe(onward)
        })
        onward.on("error", () => socket.destroy())
        socket.on("error", () => onward.destroy())
        socket.on("close", () => onward.destroy())
      })
      return server
    })
    return { origin: `http://127.0.0.1:${port}`, port, targets }
  })

/** A SOCKS proxy that wants name and password, and reaches IPv4 addresses; `targets` names every host it was asked for. */
export const socksProxy = (credentials: string) =>
  Effect.gen(function* () {
    const targets: Array<string> = []
    const { port } = yield* listening(() =>
      Net.createServer((socket) => {
        socket.once("data", () => {
          socket.write(Buffer.from([5, 2]))
          socket.once("data", (said: Buffer) => {
            const [name, word] = credentials.split(":").map((part) => Buffer.from(part))
            const wanted = Buffer.concat([
              Buffer.from([1, name?.length ?? 0]),
              name ?? said,
              Buffer.from([word?.length ?? 0]),
              word ?? said
            ])
            socket.write(Buffer.from([1, said.equals(wanted) ? 0 : 1]))
            socket.once("data", (asked: Buffer) => {
              const [host, to] = [asked.subarray(4, 8).join("."), asked.readUInt16BE(8)]
              targets.push(`${host}:${to}`)
              const onward = Net.connect(to, host, () => {
                socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
                onward.pipe(socket)
                socket.pipe(onward)
              })
              onward.on("error", () => socket.destroy())
              socket.on("close", () => onward.destroy())
            })
          })
        })
      })
    )
    return { port, targets }
  })

/** A CA of our own, and a key and certificate for `127.0.0.1` that it has signed. */
export const makeCertificates = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "codex-account-ca-"))
    const file = (name: string) => Path.join(folder, name)
    // The words of a command, in which `@name` is a file of the folder.
    const openssl = (command: string) =>
      execFileSync(
        "openssl",
        command.split(" ").map((word) => (word.startsWith("@") ? file(word.slice(1)) : word)),
        { stdio: "pipe" }
      )
    const key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    openssl(`req -x509 ${key} -keyout @ca.key -out @ca.pem -days 2 -subj /CN=Test`)
    openssl(`req ${key} -keyout @server.key -out @server.csr -subj /CN=127.0.0.1`)
    Fs.writeFileSync(file("names"), "subjectAltName=IP:127.0.0.1")
    openssl(
      "x509 -req -in @server.csr -CA @ca.pem -CAkey @ca.key -CAcreateserial -out @server.pem -days 2 -extfile @names"
    )
    return {
      folder,
      ca: file("ca.pem"),
      key: Fs.readFileSync(file("server.key")),
      cert: Fs.readFileSync(file("server.pem"))
    }
  }),
  ({ folder }) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
)

/** The same as the server at `origin`, over TLS. */
export const tlsFront = (origin: string, tls: { readonly key: Buffer; readonly cert: Buffer }) =>
  Effect.gen(function* () {
    const requests = { count: 0 }
    const { port } = yield* listening(() =>
      Https.createServer({ key: tls.key, cert: tls.cert }, (request, response) => {
        requests.count += 1
        const onward = Http.request(
          new URL(request.url ?? "/", origin),
          { method: request.method, headers: request.headers },
          (answer) => {
            response.writeHead(answer.statusCode ?? 502, answer.headers)
            answer.pipe(response)
          }
        )
        onward.on("error", () => response.destroy())
        request.pipe(onward)
      })
    )
    return { origin: `https://127.0.0.1:${port}`, requests }
  })

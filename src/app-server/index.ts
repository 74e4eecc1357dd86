/**
 * The app-server and its clients, one namespace per module: `Server` is the layer that answers `AppServer`; `InProcess`,
 * `Child` and `Remote` make clients.
 */
export * as Envelope from "../rpc/Envelope.js"
export * as RpcError from "../rpc/RpcError.js"
export * as Methods from "./protocol/methods.js"
export * as Notifications from "./protocol/notifications.js"
export * as AppServer from "./server/AppServer.js"
export * as ClientRequests from "./server/ClientRequests.js"
export * as Server from "./server/layer.js"
export * as Threads from "./server/threads.js"
export * as Stdio from "./transports/stdio.js"
export * as AppServerClient from "./client/AppServerClient.js"
export * as Child from "./client/child.js"
export * as InProcess from "./client/inProcess.js"
export * as Remote from "./client/remote.js"
export * as TypedRequestError from "./client/TypedRequestError.js"
export { mergeRateLimits, mergeSnapshot } from "./client/mergeRateLimits.js"

/**
 * The app-server and its clients, one namespace a module: `Server` is the layer that answers `AppServer`, and `InProcess`,
 * `Child` and `Remote` make clients of one.
 *
 * @since 0.1.0
 */
export * as Envelope from "./protocol/Envelope.js"
export * as RpcErrors from "./protocol/errors.js"
export * as Methods from "./protocol/methods.js"
export * as Notifications from "./protocol/notifications.js"
export * as RequestId from "./protocol/RequestId.js"
export * as ServerRequests from "./protocol/serverRequests.js"
export * as AppServer from "./server/AppServer.js"
export * as ClientRequests from "./server/ClientRequests.js"
export * as Server from "./server/layer.js"
export * as Threads from "./server/threads.js"
export * as Stdio from "./transports/stdio.js"
export * as AppServerClient from "./client/AppServerClient.js"
export * as Child from "./client/child.js"
export * as InProcess from "./client/inProcess.js"
export * as InProcessRuntime from "./client/InProcessRuntime.js"
export * as Remote from "./client/remote.js"
export * as TypedRequestError from "./client/TypedRequestError.js"
export { mergeRateLimits, mergeSnapshot } from "./client/mergeRateLimits.js"

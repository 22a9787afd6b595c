export {
  emitFor,
  type Emit,
  type EventBlocker,
  type EventBody,
  type EventReason,
  type EventStatement,
  type EventType,
  type LockstepEvent,
} from "./event.ts";
export { stoppedBy, StopRequest } from "./stop-request.ts";

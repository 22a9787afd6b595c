export {
  emitFor,
  type Emit,
  type EventBlocker,
  type EventBody,
  type EventStatement,
  type EventType,
  type LockstepEvent,
} from "./event.ts";

import type { QualifiedName, Statement } from "../../sql/index.ts";
import type { SessionState } from "../session/state.ts";
import type { World } from "../world/model.ts";
import type { ObjectIds } from "../world/view.ts";

/** What a prediction is made from. Nothing in it is changed. */
export interface PredictInput {
  readonly statement: Statement;
  /** The catalog just before the statement. */
  readonly world: World;
  /** Ids of the relations that existed before the file began: only these appear in locks and work. */
  readonly existing: ObjectIds;
  /** The session just before the statement. */
  readonly session: SessionState;
  /** Enum labels that earlier statements of the same transaction added; see `afterStatement`. */
  readonly pendingLabels?: readonly PendingLabel[];
}

/** An enum label that cannot be used before the transaction that added it commits. */
export interface PendingLabel {
  readonly type: QualifiedName;
  readonly label: string;
}

import { moduleLoader } from "./module-loader.ts";
import { mikroOrmAnswer } from "./mikro-orm.ts";
import type { OrmAnswer, OrmRequest, OrmStage } from "./orm-model.ts";
import { sequelizeAnswer } from "./sequelize.ts";
import { serve, type SourceReply } from "./source-child.ts";
import { typeormAnswer } from "./typeorm.ts";

export type OrmReply = SourceReply<OrmAnswer, OrmStage>;

/**
 * Runs in a process of its own: loads the project's models, which is running the user's code, and has their ORM make its
 * schema in an empty scratch database.
 */
serve<OrmRequest, OrmAnswer, OrmStage>(async (request) => {
  const load = moduleLoader(request.root);
  switch (request.orm) {
    case "typeorm":
      return typeormAnswer(request, load);
    case "sequelize":
      return sequelizeAnswer(request, load);
    case "mikro-orm":
      return mikroOrmAnswer(request, load);
  }
}, "load");

import { describe, expect, test } from "vitest";
import { reportOn, steps } from "./repository.ts";

/** A command line and what it is understood as; `undefined` for one of no interest. */
const lines: readonly (readonly [string, string | undefined])[] = [
  ["npx prisma migrate deploy --schema ./a.prisma", "migrate prisma migrate deploy"],
  ["npx --yes prisma@6.1.0 migrate deploy", "migrate prisma migrate deploy"],
  ["./node_modules/.bin/prisma migrate deploy", "migrate prisma migrate deploy"],
  ["node node_modules/prisma/build/index.js migrate deploy", "migrate prisma migrate deploy"],
  ["pnpm exec prisma migrate deploy", "migrate prisma migrate deploy"],
  ["pnpm --filter @shop/db exec prisma migrate deploy", "migrate prisma migrate deploy"],
  ["yarn prisma migrate deploy", "migrate prisma migrate deploy"],
  ["bunx prisma migrate deploy", "migrate prisma migrate deploy"],
  ["dotenv -e .env.production -- npx prisma migrate deploy", "migrate prisma migrate deploy"],
  ["DATABASE_URL=$URL timeout 60 npx prisma migrate deploy", "migrate prisma migrate deploy"],
  ["doppler run -- npx prisma migrate deploy", "migrate prisma migrate deploy"],
  [
    "docker compose -f prod.yml run --rm -e A=b web npx prisma migrate deploy",
    "migrate prisma migrate deploy",
  ],
  ["kubectl exec deploy/shop -- npx prisma migrate deploy", "migrate prisma migrate deploy"],
  ['sh -c "npx prisma migrate deploy"', "migrate prisma migrate deploy"],
  ['flyctl ssh console -C "npx prisma migrate deploy"', "migrate prisma migrate deploy"],
  ["npx prisma migrate dev", undefined],
  ["npx prisma migrate status", undefined],
  ["npx prisma generate", undefined],
  ["npx drizzle-kit generate", undefined],
  ["npx knex migrate:make add_column", undefined],
  [
    "npx ts-node -r tsconfig-paths/register ./node_modules/typeorm/cli.js migration:run -d a.ts",
    "migrate typeorm migration:run",
  ],
  ["npx sequelize-cli db:migrate", "migrate sequelize db:migrate"],
  ["bundle exec rails db:migrate", "migrate rails db:migrate"],
  ["poetry run alembic upgrade head", "migrate alembic upgrade"],
  ["python manage.py migrate --noinput", "migrate python manage.py migrate"],
  ["python manage.py migrate --check", undefined],
  ["migrate -path db/migrations -database $DATABASE_URL up", "migrate migrate up"],
  ["migrate -path db -database clickhouse://host up", undefined],
  ["GOOSE_DRIVER=clickhouse goose up", undefined],
  ["goose -dir db postgres $URL up", "migrate goose up"],
  ["supabase db push", "migrate supabase db push"],
  ["node dist/migrate.js", "migrate node dist/migrate.js"],
  ["tsx scripts/create-migration.ts", undefined],
  ["psql $DATABASE_URL -v ON_ERROR_STOP=1 -f migrations/1.sql", "migrate psql -f"],
  ["npx drizzle-kit push --force", "push drizzle-kit push"],
  ["npx prisma db push --accept-data-loss", "push prisma db push"],
  ["npx prisma db seed", undefined],
  ["vercel deploy --prebuilt --prod", "deploy vercel deploy"],
  ["vercel build --prod", undefined],
  ["vercel pull --yes --environment=production", undefined],
  ["fly deploy --build-only --push", undefined],
  ["kubectl apply -f k8s --dry-run=client", undefined],
  ["kubectl set image deploy/shop shop=img", "deploy kubectl set image"],
  ["kubectl rollout status deploy/shop", undefined],
  ["helm upgrade --install shop ./chart", "deploy helm upgrade"],
  ["helm template ./chart", undefined],
  [
    "aws ecs update-service --cluster a --service b --force-new-deployment",
    "deploy aws ecs update-service",
  ],
  ["gcloud run deploy shop --image img", "deploy gcloud run deploy"],
  ["git push https://git.heroku.com/shop.git main", "deploy git push heroku"],
  ['curl -X POST "$RENDER_DEPLOY_HOOK_URL"', "deploy deploy hook"],
  ["docker push registry/shop", undefined],
  ["echo npx prisma migrate deploy", undefined],
];

describe("commands", () => {
  test.each(lines)("%s", async (line, understood) => {
    const report = await reportOn({
      ".github/workflows/w.yml": `on: push\njobs:\n  a:\n    environment: production\n    steps:\n      - run: ${JSON.stringify(line)}\n`,
    });
    expect(steps(report).map((step) => step.replace(/ \(.*\)$/, ""))).toEqual(
      understood === undefined ? [] : [understood],
    );
  });
});

/** Commands that start package scripts: each ends at `prisma migrate deploy`. */
const runs = [
  "npm run db:migrate -w @shop/db",
  "npm --prefix packages/db run db:migrate",
  "cd packages/db && npm run db:migrate",
  "pnpm --filter @shop/db db:migrate",
  "pnpm -F db run db:migrate",
  "pnpm -C packages/db db:migrate",
  "yarn workspace @shop/db db:migrate",
  "yarn --cwd packages/db db:migrate",
  "bun run --cwd packages/db db:migrate",
  "turbo run db:migrate --filter=@shop/db",
  "npx turbo db:migrate",
  "npm run all",
  "npm run prisma -- migrate deploy",
  "bash ./packages/db/migrate.sh",
  "./packages/db/migrate.sh",
];

test.each(runs)("%s", async (line) => {
  const report = await reportOn({
    "package.json":
      '{ "name": "shop", "scripts": { "preall": "npm run db:migrate -w @shop/db", "all": "echo", "prisma": "prisma" } }',
    "packages/db/package.json":
      '{ "name": "@shop/db", "scripts": { "db:migrate": "prisma migrate deploy" } }',
    "packages/db/migrate.sh": "#!/bin/sh\nset -e\nnpx prisma migrate deploy\n",
    ".github/workflows/w.yml": `on: push\njobs:\n  a:\n    environment: production\n    steps:\n      - run: ${JSON.stringify(line)}\n`,
  });
  expect(steps(report)).toEqual(["migrate prisma migrate deploy (production)"]);
});

test("scripts that call one another end", async () => {
  const report = await reportOn({
    "package.json":
      '{ "name": "shop", "scripts": { "a": "npm run b", "b": "npm run a && ./x.sh" } }',
    "x.sh": "#!/bin/sh\n./x.sh\nf() { f; f; f; }\nf\nnpm run a\n",
    ".github/workflows/w.yml": "on: push\njobs:\n  a:\n    steps:\n      - run: npm run a\n",
  });
  expect(report.findings).toEqual([]);
});

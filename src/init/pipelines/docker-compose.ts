import type { PipelineExample } from "./example.ts";

export const dockerCompose: PipelineExample = {
  id: "docker-compose",
  platform: "Docker Compose",
  sign: /(?:^|\/)(?:docker-)?compose(?:\.[\w-]+)?\.ya?ml$/,
  does: "Migrations run once, in a service that ends, not in each instance's start; the instances start when it has ended well, and only if the gate is open for the code in the image. Lockstep is a dependency there, not a devDependency.",
  files: [
    {
      path: "Dockerfile",
      text: `FROM node:22-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npx lockstep contract build
CMD ["sh", "-c", "npx lockstep gate --contract lockstep.contract.json && exec node dist/server.js"]
`,
    },
    {
      path: "compose.yaml",
      text: `services:
  migrate:
    build: .
    command: npx lockstep migrate
    restart: "no"
    environment:
      DATABASE_URL: \${DATABASE_URL}
  app:
    build: .
    depends_on:
      migrate:
        condition: service_completed_successfully
    environment:
      DATABASE_URL: \${DATABASE_URL}
    deploy:
      replicas: 2
`,
    },
  ],
};

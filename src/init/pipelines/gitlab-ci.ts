import type { PipelineExample } from "./example.ts";

export const gitlabCi: PipelineExample = {
  id: "gitlab-ci",
  platform: "GitLab CI",
  sign: /^\.gitlab-ci\.ya?ml$/,
  does: "Checks the migrations of a merge request; on the default branch one deploy at a time goes through Lockstep (resource_group), and a newer pipeline does not interrupt it. DATABASE_URL is a protected, masked variable of the project.",
  files: [
    {
      path: ".gitlab-ci.yml",
      text: `stages: [check, deploy]
default:
  image: node:22
  before_script:
    - npm ci
check:
  stage: check
  variables:
    GIT_DEPTH: 0
  script:
    - npx lockstep check
deploy:
  stage: deploy
  environment: production
  resource_group: production
  interruptible: false
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  script:
    - npx lockstep deploy --env production
`,
    },
  ],
};

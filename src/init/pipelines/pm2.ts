import { deployWorkflow } from "./deploy-workflow.ts";
import type { PipelineExample } from "./example.ts";

export const pm2: PipelineExample = {
  id: "pm2-over-ssh",
  platform: "PM2 over SSH",
  sign: /(?:^|\/)ecosystem(?:\.config)?\.(?:[cm]?js|json)$/,
  does: 'The runner migrates and asks the gate; then the script puts the release into service. In the config: deploy: { command: "sh deploy/release.sh", rollback: "sh deploy/release.sh previous" }.',
  files: [
    {
      path: "deploy/release.sh",
      text: `#!/bin/sh
# Puts the release of this checkout into service, or the previous one back. Each step that fails ends it.
set -eu
host=deploy@storefront.example.com
if [ "\${1:-}" = previous ]; then
  ssh "$host" 'cd /srv/storefront && ln -sfn "$(cat previous)" current && pm2 reload ecosystem.config.cjs'
  exit
fi
release=/srv/storefront/releases/$(git rev-parse HEAD)
rsync --archive --delete dist node_modules package.json ecosystem.config.cjs "$host:$release/"
ssh "$host" "cd /srv/storefront && readlink current > previous; ln -sfn $release current && pm2 reload ecosystem.config.cjs"
`,
    },
    deployWorkflow({
      before: `      - run: npm run build
      - run: |
          install -m 700 -d ~/.ssh
          printf '%s\\n' "$SSH_KEY" > ~/.ssh/id_ed25519
          chmod 600 ~/.ssh/id_ed25519
          printf '%s\\n' "$SSH_KNOWN_HOSTS" > ~/.ssh/known_hosts
        env:
          SSH_KEY: \${{ secrets.SSH_KEY }}
          SSH_KNOWN_HOSTS: \${{ secrets.SSH_KNOWN_HOSTS }}
`,
    }),
  ],
};

import type { PipelineExample } from "./example.ts";

const gate = `      initContainers:
        - name: gate
          image: registry.example.com/storefront:VERSION
          command: [npx, lockstep, gate, --contract, lockstep.contract.json]
          envFrom:
            - secretRef: { name: storefront }
`;

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: storefront
spec:
  replicas: 3
  selector:
    matchLabels: { app: storefront }
  template:
    metadata:
      labels: { app: storefront }
    spec:
${gate}      containers:
        - name: app
          image: registry.example.com/storefront:VERSION
          command: [node, dist/server.js]
          envFrom:
            - secretRef: { name: storefront }
`;

const job = (metadata: string) => `apiVersion: batch/v1
kind: Job
metadata:
${metadata}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: migrate
          image: registry.example.com/storefront:VERSION
          command: [npx, lockstep, migrate]
          envFrom:
            - secretRef: { name: storefront }
`;

export const kubernetes: PipelineExample = {
  id: "kubernetes",
  platform: "Kubernetes",
  sign: /(?:^|\/)(?:k8s|kubernetes|manifests)\/[^/]+\.ya?ml$/,
  does: "A Job migrates before the Deployment is applied (kubectl apply -f k8s/migrate.yaml && kubectl wait --for=condition=complete job/storefront-migrate-VERSION --timeout=30m); the gate stands in front of each new pod, so that code which the database does not fit takes no traffic. Lockstep is a dependency of the image, not a devDependency.",
  files: [
    { path: "k8s/migrate.yaml", text: job("  name: storefront-migrate-VERSION") },
    { path: "k8s/storefront.yaml", text: deployment },
  ],
};

export const helm: PipelineExample = {
  id: "helm",
  platform: "Helm",
  sign: /(?:^|\/)Chart\.ya?ml$/,
  does: "A hook migrates before an upgrade; when it fails, the upgrade ends and the old pods stay. Only the next upgrade removes the Job, so that its log can be read.",
  files: [
    {
      path: "chart/Chart.yaml",
      text: `apiVersion: v2
name: storefront
version: 1.0.0
`,
    },
    {
      path: "chart/templates/migrate.yaml",
      text: job(`  name: storefront-migrate
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation`),
    },
    { path: "chart/templates/storefront.yaml", text: deployment },
  ],
};

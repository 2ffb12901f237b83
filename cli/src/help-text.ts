/** What `--help` prints. */
export const HELP = `kubectl-fusebox: which settings are in force in the sidecars, and why others are not

Usage:
  kubectl fusebox validate FILE|DIR|-…           check documents without a cluster; every fault at once
  kubectl fusebox status [KIND/NAME] [-A]        conditions, pods, versions, open circuits
  kubectl fusebox wait KIND/NAME [--timeout 30s] until every sidecar obeys the object as it stands now
  kubectl fusebox check                          what this cluster lacks, and what to do
  kubectl fusebox flags [KIND/NAME]              what each pod would answer who asks for flags, and why

Kinds: rp (ResiliencePolicy), ffset (FeatureFlagSet), scp (SidecarProfile), cm (a labelled ConfigMap), or their whole names;
flags: deployment, statefulset, daemonset, service.

Options:
  -n, --namespace NAME    default: the context's
  -A, --all-namespaces    status: of all namespaces
  -o, --output json       status, check, flags: for programs
      --flag KEY          flags: only this one; may be repeated
      --context KEY=VALUE flags: for whom, like --context targetingKey=user-7; may be repeated
      --pod NAME          flags: of this pod
  -l, --selector LABELS   flags: of the pods with these labels; without any: all of the namespace
      --url URL           flags: of the sidecar at this address (http://127.0.0.1:4142), without a cluster
      --timeout DURATION  wait: like 500ms, 30s, 2m; 0 looks once
      --kubeconfig FILE   default: KUBECONFIG, else ~/.kube/config, else the pod's own account
      --context NAME      default: the current one
  -h, --help
      --version

Exit status: 0 all is well; 1 something is wrong, not in force or not yet, or pods differ; 64 the command line is wrong;
69 there is no API server that answers.
`;

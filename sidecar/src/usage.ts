/** What `--help` says before and after the options. */

export const usage = `fusebox-sidecar: breaks circuits, limits concurrency, carries traces and gates routes in front of one service

Usage:
  fusebox-sidecar [options]          serve until SIGTERM
  fusebox-sidecar --check [options]  check the settings in --config and end
  fusebox-sidecar drain [options]    tell the sidecar at --admin to drain (for a preStop hook)
`;

export const ending = `
A flag beats its variable; an empty variable counts as absent. Durations: 250ms, 5s, 1m30s. IPv6: [::1]:4140.

Examples:
  fusebox-sidecar --upstream 127.0.0.1:8080 --config policies/
  fusebox-sidecar --config users.yaml --namespace shop --workload deployment/users --labels app=users,tier=gold
  fusebox-sidecar --check --config policies/
  fusebox-sidecar --operator https://fusebox-operator.fusebox.svc:8443 --token token --ca ca.crt

Exit status: 0 ended as asked, 1 failed or the settings checked are wrong, 64 the command line is wrong.
`;

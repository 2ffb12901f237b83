/** What a person types, at the top of the repository, to see the same by hand. */
export const byHand = `
By hand, at the top of this repository:

  export PATH=$PWD/node_modules/.bin:$PATH
  mkdir -p /tmp/fusebox-demo && cp docs/examples/demo/* /tmp/fusebox-demo
  node sample-service/src/main.ts --seed-users 50 --config sample-service/config.example.yaml &   # the service; wait until it is \`listening\` on :8080
  node sidecar/src/main.ts --config /tmp/fusebox-demo &      # the sidecar: traffic on :4140, admin on :4143

  curl -i 'localhost:4140/users?limit=2'                     # through the sidecar
  sed -i.bak 's/enable_profiles: true/enable_profiles: false/' /tmp/fusebox-demo/flags.yaml
  curl -i localhost:4140/api/profiles                        # 404 flag-off; edit policy.yaml as well
  curl -X PUT localhost:8080/misbehave -H 'content-type: application/json' -d '{"failRatio": 1}'
  for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code} ' localhost:4140/users; done
  curl -i localhost:4140/users                               # 503 circuit-open, Retry-After
  curl localhost:4143/circuits                               # its state, and why
  curl localhost:4143/snapshot                               # the settings in force
  curl -X PUT localhost:8080/misbehave -H 'content-type: application/json' -d '{}'
  sleep 5; for i in 1 2 3; do curl -s -o /dev/null -w '%{http_code} ' localhost:4140/users; done
  curl localhost:4143/circuits                               # three trials were well: it has closed
  kill %2 %1
`;

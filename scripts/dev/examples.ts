interface Places {
  /** Of the service. */
  url: string;
  /** Of the stand-ins. */
  payments: string;
  profiles: string;
  /** The service's settings file. */
  config: string;
}

/** What `make dev` prints once all of it runs: lines for a shell, in an order in which each of them works. */
export const examples = ({ url, payments, profiles, config }: Places): string => `
The service is ready, and its settings in ${config} may be edited: they hold at once. Ctrl-C ends all of it.

# Users
curl -i '${url}/users?limit=2'
curl -i ${url}/users -H 'content-type: application/json' -d '{"email":"ada@example.com","password":"correct horse"}'
curl -i ${url}/users/1
curl -i -X PUT ${url}/users/1 -H 'content-type: application/json' -d '{"email":"countess@example.com"}'

# While the flag enable_profiles is on; set it to false in the settings and try again
curl -i ${url}/api/profiles

# Payments: the second line is the same payment, not another one
curl -i ${url}/users/1/payments -H 'content-type: application/json' -H 'idempotency-key: book-1' -d '{"amountMinor":1250,"currency":"EUR"}'
curl -i ${url}/users/1/payments -H 'content-type: application/json' -H 'idempotency-key: book-1' -d '{"amountMinor":1250,"currency":"EUR"}'

# The payment service fails. Repeat the second line: soon the circuit is open, and payments are refused at once
curl -i -X PUT ${payments}/faults -d '{"mode":"failing"}'
curl -i ${url}/users/1/payments -H 'content-type: application/json' -d '{"amountMinor":1250,"currency":"EUR"}'
curl -i -X PUT ${payments}/faults -d '{}'

# The profile service hangs: users come without a profile, and say so
curl -i -X PUT ${profiles}/faults -d '{"mode":"hanging"}'
curl -i ${url}/users/1
curl -i -X PUT ${profiles}/faults -d '{}'

# What the service says of itself
curl -i ${url}/readyz
curl -i ${url}/metrics
curl -i ${url}/openapi.json
`;

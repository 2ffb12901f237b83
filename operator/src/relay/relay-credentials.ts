/**
 * How replicas know each other. All of them can read the operator's authority, and nobody else can: whoever shows a certificate for
 * one of these two names, signed by it, is a replica.
 */
import type { Clock } from '@fusebox/api/clock.ts';
import { planAuthorities, readAuthorities, writeAuthorities } from '../pki/authorities.ts';
import { type Credentials, openAuthority, periodFrom } from '../pki/authority.ts';
import type { AuthorityKeeper } from '../pki/authority-keeper.ts';
import { LIFETIMES } from '../pki/certificates.ts';

/** What the replica that is called proves to be. Not a name that anybody resolves. */
export const RELAY_HOST = 'relay.fusebox-operator.internal';

/** What the replica that calls proves to be. */
export const RELAY_CALLER = 'fusebox-operator-replica';

export interface RelayCredentials {
  /** PEM of every trusted authority. */
  bundle: string;
  /** To be called with. */
  called: Credentials;
  /** To call with. */
  caller: Credentials;
}

/** New certificates for this replica. @throws Error when there is no authority yet, or its place cannot be reached. */
export async function issueRelayCredentials(
  keeper: Pick<AuthorityKeeper, 'read'>,
  clock: Pick<Clock, 'wallMs'>,
): Promise<RelayCredentials> {
  const found = await keeper.read();
  const nowMs = clock.wallMs();
  const { trusted, signer } = planAuthorities(found === null ? [] : readAuthorities(found.kept), nowMs, LIFETIMES);
  if (signer === null) throw new Error('there is no authority yet to sign the certificates of replicas');
  const wished = periodFrom(nowMs, LIFETIMES.certificateMs);
  const period = { fromMs: wished.fromMs, untilMs: Math.min(wished.untilMs, signer.untilMs) };
  const authority = openAuthority(signer.own, signer.name, period);
  return {
    bundle: writeAuthorities(trusted).certificates,
    called: authority.issue({ name: 'fusebox-operator', hosts: [RELAY_HOST] }),
    caller: authority.issue({ name: RELAY_CALLER }),
  };
}

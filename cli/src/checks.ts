import type { Check } from './checks/finding.ts';
import { checkKinds } from './checks/kinds.ts';
import { checkLeader, checkOperator } from './checks/operator.ts';
import { checkPermissions } from './checks/permissions.ts';
import { checkWebhooks } from './checks/webhooks.ts';

/** What `check` asks once the API server has answered, in the order in which it is told. One that may not look stops no other. */
export const CHECKS: readonly [about: string, check: Check][] = [
  ['kinds', checkKinds], // installed, served, of this version?
  ['permissions', checkPermissions], // may this user see and edit?
  ['operator', checkOperator], // does exactly one run?
  ["operator's leader", checkLeader], // is it alive?
  ['webhooks', checkWebhooks], // there, and trusted?
];

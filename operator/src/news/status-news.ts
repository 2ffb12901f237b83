/** What a change of status means to people. Pure. */
import type { Condition, LiveConfigStatus } from '@fusebox/api/object-status.ts';
import type { News, NewsSubject } from './news.ts';

/**
 * News of a status that takes the place of another one (null: of none): settings were accepted or refused, every pod obeys them,
 * a sidecar refused them, something weakens them or does so no longer. That pods have not answered yet is no news.
 */
export function statusNews(about: NewsSubject, before: LiveConfigStatus | null, after: LiveConfigStatus): News[] {
  const edited =
    before?.observedResourceVersion !== after.observedResourceVersion ||
    find(before, 'Accepted')?.observedGeneration !== find(after, 'Accepted')?.observedGeneration;
  const changes = (['Accepted', 'Programmed', 'Degraded'] as const).flatMap((type) => {
    const condition = find(after, type);
    return condition === undefined ? [] : [{ old: find(before, type), now: condition }];
  });
  return changes.flatMap(({ old, now }) => {
    const same = old?.status === now.status && old.reason === now.reason;
    const said = newsOf(now, { fresh: !same || edited, reworded: !same || old.message !== now.message, old, after });
    return said === null ? [] : [{ about, ...said }];
  });
}

interface Change {
  /** Another verdict, or the same one about another edit. */
  fresh: boolean;
  /** Another verdict, or the same one for another cause. */
  reworded: boolean;
  old: Condition | undefined;
  after: LiveConfigStatus;
}

function newsOf(now: Condition, { fresh, reworded, old, after }: Change): Omit<News, 'about'> | null {
  const { type, status, reason, message } = now;
  const warning = (action: string): Omit<News, 'about'> => ({ type: 'Warning', reason, action, note: message });
  if (type === 'Accepted') {
    if (status !== 'True') return fresh || reworded ? warning('Refuse') : null;
    const note = message === '' ? 'the settings are valid' : `the settings are valid; ${message}`;
    return fresh || reworded ? { type: 'Normal', reason, action: 'Accept', note } : null;
  }
  if (type === 'Programmed') {
    if (status !== 'True') return reason === 'Rejected' && (fresh || reworded) ? warning('Program') : null;
    const took = after.propagationMs === undefined ? '' : ` ${after.propagationMs} ms after the edit`;
    return fresh ? { type: 'Normal', reason, action: 'Program', note: `${message}${took}` } : null;
  }
  if (status === 'True') return reworded ? warning('Observe') : null;
  const recovered = `what weakened the settings is over: ${old?.reason ?? ''}`;
  return old?.status === 'True' ? { type: 'Normal', reason, action: 'Observe', note: recovered } : null;
}

const find = (status: LiveConfigStatus | null, type: Condition['type']): Condition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

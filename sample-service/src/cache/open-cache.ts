import type { LiveSettings } from '../settings/live-settings.ts';
import type { Cache } from './cache.ts';
import { memoryCache } from './memory-cache.ts';
import { redisCache } from './redis-cache.ts';

/** Redis where the settings name one, else memory. */
export async function openCache<Value>(settings: LiveSettings, prefix: string): Promise<Cache<Value>> {
  const { url } = settings.current.cache;
  return url === undefined ? memoryCache(() => settings.current.cache.max_entries, Date.now) : redisCache(url, prefix);
}

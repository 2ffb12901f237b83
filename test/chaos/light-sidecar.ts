/**
 * A sidecar without a data plane: the real client of the operator's stream, as a process that can be stopped and killed. It writes the
 * same line as a sidecar when settings are in force, and what they carry. Usage: URL TOKEN_FILE CA_FILE
 */
import { NO_BLOBS } from '@fusebox/api/config-values.ts';
import { OperatorFeed } from '@fusebox/sidecar/io/operator-feed.ts';
import { newLogger } from '@fusebox/runtime/log.ts';
import { systemClock as clock, systemTimers as timers } from '@fusebox/runtime/system-clock.ts';
import { marksOf } from './marks.ts';

const [url, tokenPath, caPath] = process.argv.slice(2) as [string, string, string];
const log = newLogger({ level: 'info', wallMs: clock.wallMs });
void new OperatorFeed({
  url: new URL(url),
  files: { tokenPath, caPath },
  log,
  clock,
  timers,
  random: Math.random,
  blobs: NO_BLOBS,
  onSnapshot: ({ snapshot }) => log.info('obeyed', { digest: snapshot.digest, marks: marksOf(snapshot) }),
  circuits: () => [],
});
// Timers of the feed keep no process alive: a whole sidecar has listeners.
setInterval(() => {}, 60_000);

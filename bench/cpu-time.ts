import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time that all living threads of a process have used so far (ns, user and system together), from
 * `/proc/PID/task/TID/schedstat`: exact, where `/proc/PID/stat` counts ticks of 10 ms. The time of a thread that ended is
 * lost; none of the measured programs ends threads while it serves.
 */
export function cpuTimeNs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  let total = 0;
  for (const thread of readdirSync(tasks))
    total += Number(readFileSync(`${tasks}/${thread}/schedstat`, 'latin1').split(' ')[0]);
  return total;
}

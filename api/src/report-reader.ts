import { Compile } from 'typebox/compile';
import { MAX_CIRCUITS, Report } from './report.ts';

// Compiled, since an operator reads a thousand of them a second after it has started; interpreted, a long one takes 200 ms.
const shape = Compile(Report);

/** Takes a report from outside. Fields that this version does not know are dropped, so that a newer sidecar is heard. */
export function readReport(value: unknown): { report: Report } | { fault: string } {
  const { circuits } = Object(value) as Record<string, unknown>;
  if (Array.isArray(circuits) && circuits.length > MAX_CIRCUITS) {
    return { fault: `circuits: has ${circuits.length} entries, more than the maximum ${MAX_CIRCUITS}` };
  }
  if (shape.Check(value)) return { report: known(value) };
  const [first] = shape.Errors(value);
  const path = first?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  return { fault: `${path === '' ? 'report' : path}: ${first?.message ?? 'is not valid'}` };
}

const known = (report: Report): Report => {
  const { format, digest, revision, result, reason, tookMs, atWallMs, version } = report;
  const circuits = report.circuits.map(({ route, state, era, reason: why }) => ({ route, state, era, reason: why }));
  return { format, digest, revision, result, reason, tookMs, atWallMs, version, circuits };
};

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Go module of the control plane in one binary. */
export const MODULE_FOLDER = join(import.meta.dirname, '../testcluster');

/** `testcluster-<sources and sums>-`: the Go release follows. Equal prefixes mean binaries that do the same. */
export function binaryNamePrefix(): string {
  const files = readdirSync(MODULE_FOLDER).filter((name) => /^go\.(mod|sum)$|\.go$/.test(name));
  const hash = createHash('sha256');
  for (const name of files.sort())
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(MODULE_FOLDER, name)))
      .update('\0');
  return `testcluster-${process.platform}-${process.arch}-${hash.digest('hex').slice(0, 16)}-`;
}

/** The Kubernetes release in the module's go.mod, such as `v1.34.4`. */
export function kubernetesVersion(): string {
  const goMod = readFileSync(join(MODULE_FOLDER, 'go.mod'), 'utf8');
  return /k8s\.io\/kubernetes (v\S+)/.exec(goMod)![1]!;
}

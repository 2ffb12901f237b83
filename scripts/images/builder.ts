/** What turns a Dockerfile and a folder into an image: Docker where its engine answers, else buildah, which needs no engine. */
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

interface Build {
  /** Such as `ghcr.io/fusebox/sidecar:0.1.0`. */
  tag: string;
  dockerfile: string;
  /** Folder that the Dockerfile copies from. */
  context: string;
}

export interface Builder {
  name: string;
  build(build: Build): void;
  /** Writes a built image to one file, as `docker save` does. */
  save(tag: string, file: string): void;
}

/** @throws Error that tells how to get one */
export function findBuilder(workFolder: string): Builder {
  if (works('docker', ['info'])) return docker;
  if (works('buildah', ['--version'])) return buildah(workFolder);
  throw new Error('images need a Docker engine that answers, or buildah: apt-get install -y buildah');
}

const run = (command: string, args: string[]): void => {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
};

const works = (command: string, args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;

const docker: Builder = {
  name: 'docker',
  build: ({ tag, dockerfile, context }) => run('docker', ['build', '--quiet', '-t', tag, '-f', dockerfile, context]),
  save: (tag, file) => run('docker', ['save', '-o', file, tag]),
};

/** Keeps its images in a folder of its own. Nothing runs during these builds, so no isolation is needed. */
function buildah(workFolder: string): Builder {
  const storage = ['--root', join(workFolder, 'root'), '--runroot', join(workFolder, 'run'), '--storage-driver', 'vfs'];
  return {
    name: 'buildah',
    build({ tag, dockerfile, context }) {
      // The same files give the same image: no time of today in it.
      const same = ['--timestamp', '0', '--isolation', 'chroot', '--quiet'];
      run('buildah', [...storage, 'bud', ...same, '-t', tag, '-f', dockerfile, context]);
    },
    save(tag, file) {
      rmSync(file, { force: true }); // an archive is never added to
      run('buildah', [...storage, 'push', '--quiet', tag, `docker-archive:${file}:${tag}`]);
    },
  };
}

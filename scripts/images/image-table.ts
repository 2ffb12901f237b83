/** Every image there is. What runs in it, and as whom, stands in its Dockerfile. */
export interface Image {
  /** Last part of its name. */
  name: string;
  dockerfile: string;
  /** Bundle of `make build` that becomes `/app`; null: none. */
  bundle: string | null;
  /** Programs of this machine that it holds, by their place in the image. */
  programs: Readonly<Record<string, 'node' | 'nft'>>;
}

const node = { '/nodejs/bin/node': 'node' } as const;

export const images: readonly Image[] = [
  { name: 'sidecar', dockerfile: 'sidecar/Dockerfile', bundle: 'fusebox-sidecar', programs: node },
  { name: 'operator', dockerfile: 'operator/Dockerfile', bundle: 'fusebox-operator', programs: node },
  { name: 'sample-service', dockerfile: 'sample-service/Dockerfile', bundle: 'sample-service', programs: node },
  { name: 'redirect', dockerfile: 'sidecar/redirect/Dockerfile', bundle: null, programs: { '/usr/sbin/nft': 'nft' } },
];

/** Every image there is. What runs in it, and as whom, stands in its Dockerfile. */
export interface Image {
  /** Last part of its name. */
  name: string;
  dockerfile: string;
  /** Bundles of `make build` that become `/app`. */
  bundles: readonly string[];
  /** Programs of this machine that it holds, by their place in the image. */
  programs: Readonly<Record<string, 'node' | 'nft'>>;
}

const node = { '/nodejs/bin/node': 'node' } as const;

export const images: readonly Image[] = [
  { name: 'sidecar', dockerfile: 'sidecar/Dockerfile', bundles: ['fusebox-sidecar'], programs: node },
  { name: 'operator', dockerfile: 'operator/Dockerfile', bundles: ['fusebox-operator'], programs: node },
  // With stand-ins for the services that it calls.
  {
    name: 'sample-service',
    dockerfile: 'sample-service/Dockerfile',
    bundles: ['sample-service', 'stand-ins'],
    programs: node,
  },
  { name: 'redirect', dockerfile: 'sidecar/redirect/Dockerfile', bundles: [], programs: { '/usr/sbin/nft': 'nft' } },
];
